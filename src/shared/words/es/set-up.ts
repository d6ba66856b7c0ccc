import type { Words } from '../en.ts';

export const setUp: Words['setUp'] = {
  title: 'Configurar este equipo',
  progress: 'Pasos',
  steps: { address: 'Dirección', credentials: 'Credenciales', robots: 'Robots', machine: 'Este equipo' },
  stepOf: (n, of) => `Paso ${n} de ${of}`,
  stepDone: 'hecho',
  back: 'Atrás',
  next: 'Siguiente',
  checking: 'Comprobando …',
  stopChecking: 'Parar',
  whatToDo: 'Qué hacer:',
  said: 'En detalle:',
  leave: 'Dejarlo como está',
  fixed: {
    policy: (who) =>
      who === null ? 'Lo fija la política de tu organización.' : `Lo fija la política de ${who}.`,
    environment: 'Lo fija el entorno en el que se arrancó este programa.',
  },
  attachedTitle: 'De este agente se ocupa otro',
  attached:
    'Ya estaba en marcha antes que esta ventana, como servicio o en una terminal. Su conexión se cambia allí, o la cambia quien lo instaló.',

  address: {
    title: '¿Dónde está tu KuFlow?',
    intro: 'Casi siempre es la dirección que ya aparece.',
    label: 'Dirección de KuFlow',
    more: 'Proxy y certificados',
    proxy: 'Proxy',
    proxyHint: 'Vacío: el del sistema, o ninguno. Ejemplo: http://proxy.example.com:8080',
    caFile: 'Archivo de certificado de tu empresa',
    caFileHint: 'Ruta de un archivo PEM, si tu empresa inspecciona el tráfico cifrado.',
    demoTitle: '¿Solo quieres mirar?',
    demoText: 'La demostración no pide cuenta: robots de ejemplo y un KuFlow propio, todo en este equipo.',
    demo: 'Probar la demostración incluida',
  },
  credentials: {
    title: '¿En nombre de quién trabaja este equipo?',
    way: 'Trabajar como',
    ways: { application: 'Una aplicación', 'sign-in': 'Yo' },
    applicationHint: 'Crea una aplicación en KuFlow y copia lo que te muestre.',
    signInHint:
      'Inicias sesión con tu navegador y los robots trabajan en tu nombre. La sesión se guarda en el llavero del sistema.',
    clientId: 'Identificador de la aplicación',
    clientSecret: 'Secreto',
    keptSecret: 'Hay uno guardado; déjalo vacío para conservarlo',
    elsewhereSecret: 'Viene de donde lo puso tu departamento de IT; déjalo vacío para conservarlo',
    addressChanged: 'La dirección es otra, así que hay que volver a introducir el secreto.',
    safe: 'Cuando KuFlow lo acepte se guardará en el llavero del sistema, y en ningún otro sitio.',
    plain:
      'Este sistema no ofrece llavero. El secreto quedaría sin cifrar en un archivo que solo tu usuario puede leer.',
    mayBePlain: 'Guardarlo en un archivo',
    oauthClientId: 'Identificador de este programa',
    oauthClientIdHint: 'Como lo registró, para iniciar sesión, quien lleva vuestro KuFlow.',
    server: 'Servidor de inicio de sesión',
    oauthAuthorizationUrl: 'Página de inicio de sesión',
    oauthTokenUrl: 'Dirección de los tokens',
    oauthScopes: 'Permisos',
    signIn: 'Iniciar sesión',
    signInAgain: 'Iniciar sesión con otra cuenta',
    signedIn: (account) =>
      account === null ? 'Hay una sesión iniciada.' : `Sesión iniciada como ${account}.`,
    waiting: 'Esperando al navegador …',
    opened: 'Inicia sesión en el navegador que se ha abierto.',
    openedHint: '¿No lo ves? Abre esta dirección en este equipo:',
    notOpened: 'No se pudo abrir un navegador. Abre esta dirección en este equipo:',
    tenantTitle: '¿Qué organización?',
    tenantIntro: 'Hay varias. Este equipo trabaja para una de ellas.',
    tenantNoName: (id) => `Organización ${id}`,
  },
  robots: {
    title: '¿Qué robots pueden ejecutarse aquí?',
    all: 'Todos',
    allHint: 'También los que se añadan más adelante en KuFlow.',
    some: 'Solo estos',
    none: 'Elige al menos uno.',
    listLabel: 'Robots en KuFlow',
    canRun: 'puede ejecutarse aquí',
    obstacles: {
      NOT_READY: 'aún no está listo en KuFlow',
      UNSUPPORTED: 'no puede ejecutarse aquí: no tiene un paquete que entienda esta versión',
    },
    emptyTitle: 'Aún no hay robots',
    empty:
      'KuFlow no muestra robots con estas credenciales. Publica uno allí o da acceso a él. Puedes seguir sin ellos: aparecerán aquí solos.',
    again: 'Volver a mirar',
    count: (able, all) => `${able} de ${all} pueden ejecutarse aquí`,
  },
  machine: {
    title: '¿Cuánto pueden usar los robots?',
    runs: 'Robots a la vez',
    runsAdvice: (cores, memory, advised) =>
      `Con ${cores} núcleos y ${memory} de memoria, a este equipo le conviene no pasar de ${advised} a la vez.`,
    reserve: 'Espacio en disco que se deja libre',
    gigabytes: 'GB',
    reserveAdvice: (free) => `Ahora hay ${free} libres. Ningún robot empieza si queda menos de lo reservado.`,
    badRuns: 'Un número entero del 1 al 64.',
    badReserve: 'Un número, de 0 en adelante.',
    autostart: 'Arrancar cuando inicie sesión en este equipo',
    autostartHint: 'Los robots se ejecutan mientras dura la sesión, también con la ventana cerrada.',
    connect: 'Conectar',
    keeping: 'Guardando …',
  },
  done: {
    connecting: 'Conectando …',
    starting: 'El agente está arrancando.',
    finishing: (n) =>
      n === 1
        ? 'Hay un robot trabajando. Cuando termine, el agente arrancará con la nueva conexión.'
        : `Hay ${n} robots trabajando. Cuando terminen, el agente arrancará con la nueva conexión.`,
    registering: 'KuFlow responde. Se está registrando este equipo.',
    slow: 'Tarda más de lo habitual. Puedes seguir: se vuelve a intentar por sí solo.',
    failed: 'El agente no pudo arrancar',
    connected: 'Conectado',
    robots: 'Primeros robots',
    noRobots: 'Aún no hay robots. Aparecerán aquí solos.',
    more: (n) => `y ${n} más`,
    now: 'Ir a Ahora',
  },
  demoNotice: 'Esto es la demostración: nada sale de este equipo.',
  leaveDemo: 'Conectar con KuFlow',
  change: 'Cambiar la conexión',
  checkCredentials: 'Revisar las credenciales',
  problems: {
    ADDRESS_INVALID: {
      what: () => 'Esta dirección no se puede usar.',
      todo: 'Escribe una como https://api.kuflow.com, sin usuario, consulta ni fragmento.',
    },
    ADDRESS_INSECURE: {
      what: ({ host }) => `Sin https, cualquiera en el camino hasta ${host} podría leer el secreto.`,
      todo: 'Empieza la dirección por https://. Con http a secas solo se llega a este mismo equipo.',
    },
    SETTING_INVALID: {
      what: () => 'Uno de los ajustes no se puede usar.',
      todo: 'Revisa abajo el archivo de certificado y el proxy.',
    },
    HOST_UNKNOWN: {
      what: ({ host }) => `No existe ningún equipo con el nombre ${host}.`,
      todo: 'Comprueba que la dirección esté bien escrita y que este equipo tenga conexión.',
    },
    NO_NETWORK: {
      what: ({ host }) => `Ninguna red lleva desde aquí hasta ${host}.`,
      todo: 'Conéctate a una red o a la VPN de tu empresa e inténtalo de nuevo.',
    },
    REFUSED: {
      what: ({ host }) => `En ${host} no responde nadie: la conexión fue rechazada.`,
      todo: 'Comprueba la dirección y el puerto.',
    },
    NO_ANSWER: {
      what: ({ host }) => `${host} no respondió a tiempo.`,
      todo: 'Inténtalo de nuevo. Si sigue así, puede haber un cortafuegos en medio: pregunta a quien lleve tu red.',
    },
    CUT: {
      what: ({ host }) => `Se cortó la conexión con ${host}.`,
      todo: 'Inténtalo de nuevo. Si sigue así, puede que la corte un cortafuegos o un proxy.',
    },
    TLS_UNTRUSTED: {
      what: ({ host }) => `Este equipo no se fía del certificado de ${host}.`,
      todo: 'Las empresas que inspeccionan el tráfico tienen su propia autoridad de certificación. Pide su archivo (PEM) a IT e indícalo abajo.',
    },
    TLS_INVALID: {
      what: ({ host }) => `El certificado de ${host} es de otro nombre o está fuera de fecha.`,
      todo: 'Comprueba la dirección, y la fecha y la hora de este equipo.',
    },
    TLS_MISSING: {
      what: ({ host }) => `${host} no habla https en ese puerto.`,
      todo: 'Comprueba el puerto de la dirección.',
    },
    PROXY_UNREACHABLE: {
      what: ({ proxy }) => `No se llega al proxy ${proxy ?? ''}.`,
      todo: 'Revisa el proxy abajo, y si estás en la red de tu empresa.',
    },
    PROXY_LOGIN: {
      what: ({ proxy }) => `El proxy ${proxy ?? ''} pide usuario y contraseña.`,
      todo: 'Inclúyelos en su dirección, abajo: http://usuario:contraseña@proxy:8080',
    },
    PROXY_REFUSED: {
      what: ({ host, proxy }) => `El proxy ${proxy ?? ''} no deja pasar conexiones hacia ${host}.`,
      todo: 'Pide a quien lleve el proxy que permita esta dirección.',
    },
    NOT_KUFLOW: {
      what: ({ host }) => `En ${host} responde algo, pero no es la API de KuFlow.`,
      todo: 'Comprueba la dirección y su ruta. En una red de invitados, entra primero en ella con un navegador.',
    },
    REDIRECTED: {
      what: ({ host }) => `${host} nos manda a otro sitio, como hacen las redes que piden acceso.`,
      todo: 'Entra primero en esta red con un navegador, o comprueba la dirección.',
    },
    PLATFORM_FAULT: {
      what: ({ host }) => `${host} está ahí, pero ahora mismo tiene problemas propios.`,
      todo: 'Inténtalo de nuevo en unos minutos.',
    },
    BUSY: {
      what: ({ host }) => `${host} pide ir más despacio.`,
      todo: 'Espera un minuto e inténtalo de nuevo.',
    },
    CREDENTIALS_MISSING: {
      what: () => 'Falta el identificador o el secreto de la aplicación.',
      todo: 'Introduce los dos tal como los muestra KuFlow.',
    },
    CREDENTIALS_REFUSED: {
      what: ({ host }) => `${host} no acepta este identificador con este secreto.`,
      todo: 'Vuelve a copiar los dos de la aplicación en KuFlow. Si se perdió el secreto, crea allí uno nuevo.',
    },
    SIGN_IN_NEEDED: {
      what: () => 'Nadie ha iniciado sesión, o la sesión ha terminado.',
      todo: 'Inicia sesión otra vez con tu navegador.',
    },
    NOT_ALLOWED: {
      what: () => 'KuFlow conoce estas credenciales, pero no permite trabajar con robots.',
      todo: 'Permite en KuFlow ver robots y tareas y registrar equipos.',
    },
    TENANT_UNKNOWN: {
      what: () => 'Estas credenciales no pertenecen a esta organización.',
      todo: 'Elige otra, o pide a IT que quite la que fijó.',
    },
    UNEXPECTED: {
      what: () => 'No se pudo comprobar.',
      todo: 'Inténtalo de nuevo; lo que figura abajo ayuda a quien lo investigue.',
    },
  },
};
