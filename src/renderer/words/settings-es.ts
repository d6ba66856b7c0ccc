import type { SettingKey } from '../../shared/settings.ts';

/** What each setting is, in Spanish; the English is in the table of settings. */
export const SETTINGS_ES: Readonly<Partial<Record<SettingKey, string>>> = {
  apiEndpoint:
    'Dónde está la API de KuFlow, con o sin la ruta de versión. http sin cifrar solo hacia este equipo.',
  clientId: 'Identificador de la aplicación de KuFlow con la que trabaja este equipo.',
  authentication:
    'En nombre de quién trabaja este equipo: basic, una aplicación, con clientId y su secreto; oauth, la persona que inició sesión con kubot sign-in.',
  oauthAuthorizationUrl: 'Con oauth: dónde se inicia sesión con el navegador.',
  oauthTokenUrl: 'Con oauth: dónde se piden los tokens. http sin cifrar solo hacia este equipo.',
  oauthClientId:
    'Con oauth: identificador del cliente público que registró para este programa quien administra el servidor de inicio de sesión.',
  oauthScopes:
    'Con oauth: permisos separados por espacios; con offline_access, si el servidor lo conoce, la sesión sobrevive a pausas largas.',
  tenantId: 'Organización en la que trabajar, si las credenciales ven varias.',
  sandbox: 'Hasta qué punto se aísla a los robots del equipo.',
  sandboxRequired:
    'Rechazar las tareas antes que ejecutar sus robots con menos aislamiento que `sandbox`; strict siempre es así.',
  gui: 'La pantalla que ven los robots: ninguna, una virtual privada o la de este equipo, con su teclado y ratón.',
  network:
    'Si los robots llegan a todo lo que alcanza este equipo o solo a `allowedHosts`; strict siempre usa una lista.',
  allowedHosts: 'Hosts permitidos: host:puerto; *.example.com:443, y * como host o puerto, son patrones.',
  files:
    'Archivos y carpetas de este equipo que pueden usar los robots aislados: {"read": ["~/Documentos"], "write": []}.',
  sockets: 'Sockets Unix a los que pueden conectarse los robots aislados.',
  limits:
    'Lo que puede usar una ejecución: {"memoryBytes", "processes", "cpuPercent" (100 es un núcleo), "openFiles"}; null: sin límite.',
  gatewayScope:
    'Lo que un robot alcanza de la API de KuFlow: su propio proceso, tarea, robot y documentos, o todo lo que puede este equipo.',
  packageSignatures:
    'Si los paquetes deben ir firmados por quien los publica: no se mira, se avisa o se rechazan.',
  publisherKeys:
    'Editores de confianza, con sus claves: {"Acme": "MCowBQYDK2VwAyEA…"}; ninguno: vale la primera clave de cada robot, desde entonces.',
  maxConcurrentRuns: 'Ejecuciones simultáneas en este equipo.',
  maxConcurrentRunsPerRobot:
    'Ejecuciones simultáneas de un mismo robot; para uno solo: robots.<código>.maxConcurrentRuns.',
  routes:
    'Qué robot y operación corresponden a cada definición de tarea: {"CÓDIGO": {"robot": "ROBOT", "operation": "Nombre"}}.',
  robotFilter: 'Robots (ids o códigos) que atiende este equipo; vacío: todos los que puede.',
  robots: 'Ajustes de un robot, por su código.',
  courtesyCountdownMs:
    'Antes de que empiece un robot que maneja la pantalla se avisa a la persona de este equipo, que tiene este tiempo para aplazarlo.',
  courtesyPostponeMaxMs:
    'Cuánto puede aplazar esa persona a esos robots en total hasta que se ejecute uno; 0: nada.',
  courtesyWaitWhilePresenting:
    'Los robots que manejan la pantalla esperan mientras la persona de este equipo está en una presentación.',
  courtesyWaitWhileLocked:
    'Los robots que manejan la pantalla esperan mientras la persona de este equipo la tiene bloqueada.',
  runTimeoutMs: 'Cuánto puede durar una ejecución.',
  cancelGraceMs: 'Desde que se pide a un robot que pare hasta que se le termina.',
  silentWarningMs: 'Se avisa de una ejecución que pasa este tiempo sin escribir nada.',
  postInstallTimeoutMs: 'Cuánto puede durar un paso posterior a la instalación.',
  downloadTimeoutMs: 'Cuánto puede durar una descarga.',
  downloadIdleTimeoutMs: 'Cuánto tiempo puede pasar una descarga sin recibir nada.',
  pollMinMs: 'Intervalo entre consultas mientras ha habido trabajo hace poco.',
  pollMaxMs: 'Intervalo entre consultas de un equipo sin trabajo.',
  taskCheckMs: 'Cada cuánto se mira en la plataforma una tarea en marcha, para ver si se ha cancelado.',
  caFile: 'Archivo PEM con otras autoridades de certificación en las que confiar.',
  proxy: 'URL del proxy HTTP hacia la plataforma y para los robots.',
  noProxy: 'Hosts a los que se llega sin proxy, separados por comas.',
  packageIndexes:
    'Índices desde los que instalan los robots: {"pip": URL, "npm": URL}; null: los que tengan pip y npm en este equipo.',
  failurePolicy:
    'Qué pasa con la tarea de una ejecución con error: se reserva, se entrega o se intenta de nuevo (su trabajo puede hacerse dos veces).',
  handOverTo: 'Correo o id de quien recibe las tareas que se entregan.',
  retryAttempts: 'Intentos cuando se intenta de nuevo.',
  retryBackoffMs: 'Espera antes del segundo intento; se duplica cada vez.',
  takeOver:
    'Hacerse cargo de las tareas de equipos con nuestra misma credencial que llevan 30 minutos sin decir nada; lo que aquí lleve 15 minutos sin poder informar se termina. Debe activarse en todos.',
  takeAssigned: 'Ejecutar tareas reclamadas con nuestra credencial aunque ningún equipo las haya tomado.',
  runtimeMismatch: 'Cuando el entorno no es de la versión pedida.',
  pipVersion: 'Versión que se pide con PYTHON_PIP; null: la de Python.',
  localRuntimes:
    'Entornos de este equipo para arquitecturas que KuFlow no ofrece: {"python": {"3.11.4": "/opt/python311"}}.',
  logDocumentPointer: 'Puntero JSON en los datos de la tarea donde queda enlazado el registro completo.',
  operationPointer: 'Puntero JSON en los datos de la tarea que nombra la operación.',
  uploadOutputs: 'Subir lo que una ejecución deja en su carpeta de resultados.',
  homeMode: 'Si el robot tiene una carpeta personal propia o la de la persona.',
  control:
    'Quién más puede usar este agente: {"allowUsers": {"ana": "read"}, "group": "kubot-operators", "groupAccess": "full"}.',
  secretVariables:
    'Variables de robots cuyos valores ningún registro puede mostrar, además de las que parecen secretas por su nombre.',
  logMaxEntries: 'Entradas de registro que puede enviar una ejecución.',
  logEntryBytes: 'Tamaño de una entrada de registro.',
  logIntervalMs: 'Tiempo mínimo entre entradas pasados los diez primeros segundos.',
  logHeartbeatMs: 'Una ejecución viva lo dice al menos así de a menudo.',
  logDocumentMaxBytes: 'Tamaño máximo del registro que se sube como documento, comprimido.',
  runLogMaxBytes: 'Lo que puede ocupar en disco el registro de una ejecución; del resto se lleva la cuenta.',
  packageMaxBytes: 'Mayor paquete de robot admitido, comprimido.',
  packageMaxEntries: 'Número máximo de archivos de un paquete.',
  packageMaxTotalBytes: 'Mayor paquete de robot admitido, sin comprimir.',
  runtimeMaxEntries: 'Número máximo de archivos de un entorno.',
  runtimeMaxTotalBytes: 'Mayor entorno admitido, sin comprimir.',
  diskReserveBytes: 'Con menos disco libre que esto no empieza ninguna ejecución.',
  runRetentionMs: 'Cuánto se guardan las carpetas y registros de lo ya terminado.',
  runRetentionBytes:
    'Lo que pueden ocupar las carpetas de lo ya terminado; primero se borran las más antiguas.',
  storeRetentionMs: 'Cuánto se guardan los paquetes y entornos que nada usa.',
  storeMaxBytes:
    'Lo que pueden ocupar los paquetes y entornos; primero se borran los que llevan más tiempo sin uso, nunca uno en uso.',
  logLevel: 'Detalle del diario del agente.',
  notifyStarts: 'La aplicación avisa antes de que un robot tome la pantalla.',
  notifyFailures: 'La aplicación avisa cuando la tarea de una ejecución fallida espera a una persona.',
  notifyAttention:
    'La aplicación avisa cuando el agente necesita a alguien: credenciales rechazadas, un agente que terminó.',
  engineAddress: 'Dirección del motor; null: sin motor. Aún sin efecto.',
  engineNamespace: 'Espacio de nombres en el motor. Aún sin efecto.',
  engineTaskQueue: 'Cola de tareas en el motor. Aún sin efecto.',
};
