export const signInPage = {
  signInPage: {
    doneTitle: 'Sesión iniciada',
    doneText: 'KuBot Runner ya tiene lo que necesita. Puedes cerrar esta página.',
    refusedTitle: 'No se ha iniciado la sesión',
    refusedText:
      'KuBot Runner no recibió permiso. Cierra esta página y vuelve a la aplicación para intentarlo de nuevo.',
    failedTitle: 'No se pudo iniciar la sesión',
    failedText: 'Cierra esta página y vuelve a KuBot Runner, que explica el motivo.',
    strayTitle: 'Aquí no hay nada que hacer',
    strayText:
      'Esta dirección pertenece a un inicio de sesión de KuBot Runner y lo que ha llegado no es su respuesta. Puedes cerrar esta página.',
  },
};
