import type { AgentError } from '../../shared/errors.ts';
import { useWords } from '../words/words-context.tsx';
import { Hint } from './hint.tsx';
import { Icon } from './icon.tsx';

/** What failed and what to do. The agent says it in English; its code is for whoever asks for help. */
export function Failure({
  error,
  onDismiss,
  onAgain,
}: {
  error: AgentError | null;
  onDismiss?: () => void;
  onAgain?: () => void;
}) {
  const { failure } = useWords();
  if (error === null) return null;
  return (
    <div className="notice tone-danger" role="alert">
      <Icon name="alert" />
      <div className="notice-text">
        <strong>{failure.title}</strong>
        <span lang="en">{error.message}</span>
        {error.hint !== '' && (
          <span className="soft">
            {failure.whatToDo} <Hint error={error} />
          </span>
        )}
        <code className="code">{error.code}</code>
      </div>
      {onAgain && (
        <button type="button" className="button" onClick={onAgain}>
          {failure.again}
        </button>
      )}
      {onDismiss && (
        <button
          type="button"
          className="button button-quiet button-icon"
          onClick={onDismiss}
          aria-label={failure.dismiss}
        >
          <Icon name="cross" />
        </button>
      )}
    </div>
  );
}
