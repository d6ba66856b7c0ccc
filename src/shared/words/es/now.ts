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
    dueAt: (moment) => `próximo intento ${moment}`,
    moreWaiting: (n) => (n === 1 ? 'y una tarea más' : `y ${n} tareas más`),
    settle: 'Resolver la tarea',
    settleAction: 'Resolver',
    complete: 'Completar la tarea',
    completeText: 'KuFlow la da por hecha con los datos que tiene ahora, y el proceso sigue.',
    handOver: 'Pasarla a alguien …',
    handOverTitle: 'Pasar la tarea',
    handOverText:
      'La tarea pasa a otra persona en KuFlow, que la hará a mano. Este equipo no vuelve a ejecutarla.',
    email: 'Correo en KuFlow',
  },
};
