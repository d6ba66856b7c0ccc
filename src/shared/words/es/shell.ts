import type { Words } from '../en.ts';
import { setUp } from './set-up.ts';

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
    signInNeededText: 'Hasta entonces no empieza ningún robot.',
    crashed: 'El agente terminó de forma inesperada',
    crashedText: 'Se arranca de nuevo; lo que quedó a medias se resuelve.',
  },
  setUp,
};
