import type { Words } from '../en.ts';

export const now: Pick<Words, 'now'> = {
  now: {
    running: 'En marcha',
    waiting: 'En espera',
    needsYou: 'Te necesita',
    recent: 'Últimas',
    today: 'Hoy',
    days: (n) => `últimos ${n} días`,
    succeeded: 'correctas',
    failed: 'con error',
    stop: 'Detener',
    stopping: 'Deteniendo …',
    line: (n) => `línea ${n}`,
    noLineYet: 'Todavía sin salida',
    why: 'Motivo',
    log: 'Registro',
    all: 'Todas las ejecuciones',
    emptyTitle: 'Aquí todavía no se ha ejecutado nada',
    empty:
      'En cuanto KuFlow tenga una tarea para un robot de este equipo, aparecerá aquí. También puedes iniciar uno tú.',
    chooseRobot: 'Elegir un robot',
    dayBar: (day, ok, failed) => `${day}: ${ok} correctas, ${failed} con error`,
    chart: 'Ejecuciones por día',
    waitingUnknown: 'espera su turno',
  },
};
