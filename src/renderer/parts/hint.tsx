import { ERRORS, isErrorCode } from '../../shared/errors.ts';
import { useWords } from '../words/words-context.tsx';

/** What to do about a failure: what the agent said where it knew better than the code does, else the window's words. */
export function Hint({ error: { code, hint } }: { error: { code: string; hint: string | null } }) {
  const { hints } = useWords();
  return isErrorCode(code) && hint === ERRORS[code].hint ? hints[code] : <span lang="en">{hint}</span>;
}
