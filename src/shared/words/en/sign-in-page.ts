/** The page that the browser is left with. */
export const signInPage = {
  signInPage: {
    doneTitle: 'You are signed in',
    doneText: 'KuBot Runner has what it needs. You can close this page.',
    refusedTitle: 'You are not signed in',
    refusedText: 'KuBot Runner was not given leave. Close this page and go back to it to try again.',
    failedTitle: 'Signing in did not work',
    failedText: 'Close this page and go back to KuBot Runner, which says why.',
    strayTitle: 'Nothing to do here',
    strayText:
      'This address belongs to a sign-in of KuBot Runner, and what came was not its answer. You can close this page.',
  },
};
