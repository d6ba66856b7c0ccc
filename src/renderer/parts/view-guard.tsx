import { Component, type ReactNode } from 'react';
import { useWords } from '../words/words-context.tsx';
import { Icon } from './icon.tsx';

/** Keeps a view that broke from taking the rest of the window with it. Give it a key: what broke stays broken. */
export class ViewGuard extends Component<{ children: ReactNode }, { error: unknown }> {
  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override state: { error: unknown } = { error: null };

  override render(): ReactNode {
    const { error } = this.state;
    return error === null ? this.props.children : <Broken error={error} />;
  }
}

function Broken({ error }: { error: unknown }) {
  const { broken } = useWords();
  return (
    <div className="view">
      <div className="notice tone-danger" role="alert">
        <Icon name="alert" />
        <div className="notice-text">
          <strong>{broken.title}</strong>
          <span className="soft">{broken.text}</span>
          <code className="code">{String(error)}</code>
        </div>
        <button type="button" className="button" onClick={() => location.reload()}>
          {broken.reload}
        </button>
      </div>
    </div>
  );
}
