import { useState } from 'react';
import { Icon } from './icon.tsx';

/** Puts a text into the clipboard. */
export function CopyButton({ label, text }: { label: string; text: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="button button-quiet button-icon"
      title={`${label}: ${text}`}
      aria-label={`${label}: ${text}`}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
    >
      <Icon name={isCopied ? 'check' : 'copy'} />
    </button>
  );
}
