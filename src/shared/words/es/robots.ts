import type { Words } from '../en.ts';

export const robots: Pick<Words, 'robots' | 'start'> = {
  robots: {
    title: 'Robots',
    search: 'Buscar robots',
    states: {
      ready: 'Listo',
      preparing: 'Preparando',
      unprepared: 'Sin preparar',
      failed: 'No se pudo preparar',
      excluded: 'Excluido en los ajustes',
      unsupported: 'No puede ejecutarse aquí',
    },
    revision: (text) => `revisión ${text}`,
    start: 'Iniciar',
    prepare: 'Preparar ahora',
    lastRun: 'Última ejecución',
    neverRan: 'nunca se ejecutó aquí',
    emptyTitle: 'No hay robots para este equipo',
    empty:
      'KuFlow no lista ningún robot que esta aplicación pueda ejecutar. Dale uno allí y aparecerá aquí en unos minutos.',
    refresh: 'Mirar de nuevo',
    limits: 'Límites',
    limitsOf: (name) => `Límites de ${name}`,
    limitsHold: 'Valen desde el próximo arranque del agente.',
    actions: (name) => `Acciones de ${name}`,
  },
  start: {
    title: (name) => `Iniciar ${name}`,
    operation: 'Operación',
    onlyOperation: 'La única del paquete',
    task: 'Id de la tarea',
    taskHint: 'Vacío: se ejecuta sin tarea y no se informa a KuFlow.',
    variables: 'Variables',
    variablesHint: 'Un NOMBRE=VALOR por línea.',
    badVariable: (line) => `Esta línea no es NOMBRE=VALOR: ${line}`,
    start: 'Iniciar',
  },
};
