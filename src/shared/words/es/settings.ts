import type { Words } from '../en.ts';

export const settings: Pick<Words, 'settings'> = {
  settings: {
    title: 'Ajustes',
    search: 'Buscar ajustes',
    groups: {
      connection: 'Conexión',
      work: 'Trabajo',
      failures: 'Cuando algo falla',
      robots: 'Robots y entornos',
      isolation: 'Aislamiento',
      logs: 'Registros',
      storage: 'Disco',
      times: 'Tiempos',
      window: 'Esta ventana',
    },
    source: {
      policy: 'fijado por directiva',
      flag: 'fijado al arrancar',
      environment: 'fijado por el entorno',
      file: 'fijado aquí',
      default: 'por defecto',
    },
    locked: 'Lo ha fijado tu departamento de informática; no se puede cambiar aquí.',
    shadowed: {
      flag: 'Manda lo que se dijo al arrancar el agente.',
      environment: 'Manda una variable del entorno del agente.',
    },
    change: 'Cambiar',
    save: 'Guardar',
    cancel: 'Cancelar',
    saved: 'Guardado. Vale desde el próximo arranque del agente.',
    none: 'ninguno',
    on: 'Sí',
    off: 'No',
    notJson: 'Esto no es JSON.',
    nothingFits: 'Ningún ajuste coincide.',
    theme: 'Apariencia',
    themes: { system: 'Como el sistema', light: 'Clara', dark: 'Oscura' },
    languageLabel: 'Idioma',
  },
};
