import type { Words } from '../en.ts';

export const shell: Pick<Words, 'tray' | 'quit' | 'notify' | 'setUp'> = {
  tray: {
    notSetUp: 'Aún sin configurar',
    restarting: 'El agente terminó y se arranca de nuevo',
    stop: (name) => `Detener ${name}`,
    startRobot: 'Iniciar un robot',
    noRobots: 'Aquí no hay robots',
    open: 'Abrir KuBot Runner',
    settings: 'Ajustes',
    quit: 'Salir',
    tooltip: (state) => `KuBot Runner: ${state}`,
  },
  quit: {
    title: (n) => (n === 1 ? 'Un robot está trabajando' : `${n} robots están trabajando`),
    message:
      'Se puede esperar a que termine lo que está en marcha. Lo que se detiene se comunica como cancelado.',
    finish: 'Terminar y salir',
    stop: 'Detener y salir',
    cancel: 'No salir',
  },
  notify: {
    failed: (robot) => `${robot} terminó con error`,
    failedText: 'Su tarea queda reservada y espera a una persona.',
    unauthorized: 'KuFlow rechaza las credenciales',
    unauthorizedText: 'Ningún robot empieza hasta que sean correctas.',
    crashed: 'El agente terminó de forma inesperada',
    crashedText: 'Se arranca de nuevo; lo que quedó a medias se resuelve.',
  },
  setUp: {
    title: 'Conecta este equipo con KuFlow',
    intro:
      'Crea una aplicación en KuFlow e introduce lo que te muestre. O echa primero un vistazo, con robots de ejemplo y un KuFlow propio en este equipo.',
    endpoint: 'Dirección de KuFlow',
    clientId: 'Identificador de la aplicación',
    clientSecret: 'Secreto',
    secretHint: 'Se guarda en el llavero del sistema y en ningún otro sitio.',
    connect: 'Conectar',
    connecting: 'Conectando …',
    demo: 'Probar la demostración incluida',
    starting: 'El agente está arrancando …',
    waiting: 'El agente terminó y se arranca de nuevo.',
    isDemo: 'Esto es la demostración: nada sale de este equipo.',
    leaveDemo: 'Conectar con KuFlow',
  },
};
