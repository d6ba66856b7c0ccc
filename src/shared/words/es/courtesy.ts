import type { Words } from '../en.ts';

const HOUR_MINUTES = 60;

export const courtesy: Pick<Words, 'courtesy'> = {
  courtesy: {
    label: 'A punto de empezar',
    startsIn: 'empieza en',
    startsAt: (robot, time) => `${robot} empieza a las ${time}`,
    usesScreen: 'Trabaja en esta pantalla, con su teclado y su ratón.',
    noLonger: 'Ya no se puede aplazar más.',
    startNow: 'Empezar ya',
    inMinutes: (n) => (n === HOUR_MINUTES ? 'En 1 hora' : n === 1 ? 'En un minuto' : `En ${n} minutos`),
    noticeTitle: (robot) => `${robot} está a punto de empezar`,
    noticeText: (time) => `A las ${time} empezará a trabajar en esta pantalla, con teclado y ratón.`,
    waits: {
      postponement: (time) => `aplazado hasta las ${time}`,
      presentation: 'espera a que termine la presentación',
      unlock: 'espera a que se desbloquee la pantalla',
      return: 'espera un momento a quien estaba aquí',
    },
    waitsInTray: (robot, wait) => `${robot}: ${wait}`,
    present: 'Estoy en una presentación',
    presentForHour: 'Durante una hora',
    presentOn: 'Hasta que lo desactive',
    presenting: 'En una presentación',
    presentingUntil: (time) => `En una presentación hasta las ${time}`,
  },
};
