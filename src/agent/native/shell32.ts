/** As koffi reads it: HRESULT SHQueryUserNotificationState(QUERY_USER_NOTIFICATION_STATE *). */
export const PRESENTING_CALL = 'int __stdcall SHQueryUserNotificationState(_Out_ int *)';

/**
 * Windows' own word on whether a person presents something, by koffi (docs/adr/0007), written from the documentation;
 * not run yet. Never true on other systems, and where koffi has no binary.
 */
export async function loadPresenting(platform: NodeJS.Platform = process.platform): Promise<() => boolean> {
  if (platform !== 'win32') return () => false;
  try {
    const { default: koffi } = await import('koffi');
    const query = koffi.load('shell32.dll').func(PRESENTING_CALL);
    return () => {
      const answer = [0];
      return query(answer) === 0 && isPresenting(answer[0] ?? 0);
    };
  } catch {
    return () => false;
  }
}

/**
 * QUNS_BUSY and QUNS_RUNNING_D3D_FULL_SCREEN: a program fills the screen; QUNS_PRESENTATION_MODE. A locked screen is
 * not read from QUNS_NOT_PRESENT: a service's session has no person in front, whoever sits at the machine.
 */
const PRESENTING = [2, 3, 4];

/** What a QUERY_USER_NOTIFICATION_STATE says. */
export function isPresenting(state: number): boolean {
  return PRESENTING.includes(state);
}
