import { useEffect, useState } from 'react';
import { Dialog } from './parts/dialog.tsx';
import { goTo, type Route, VIEWS } from './route.ts';
import { useWords } from './words/words-context.tsx';

/** Keys that hold everywhere. A row is whatever carries `data-row`; its link is opened by Enter all by itself. */
export function useKeyboard(route: Route): { help: boolean; closeHelp: () => void } {
  const [help, setHelp] = useState(false);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      if (isTyping(event.target)) {
        if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
        return;
      }
      const view = VIEWS[Number(event.key) - 1];
      if (view !== undefined) goTo({ view });
      else if (event.key === '/') focusOn('[data-search]');
      else if (event.key === 'j') moveRow(1);
      else if (event.key === 'k') moveRow(-1);
      else if (event.key === 'f') document.querySelector<HTMLElement>('[data-follow]')?.click();
      else if (event.key === '.') openActions();
      else if (event.key === '?') setHelp(true);
      else if (event.key === 'Escape' && route.view === 'run') goTo({ view: 'runs' });
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [route.view]);
  return { help, closeHelp: () => setHelp(false) };
}

export function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const { keyboard } = useWords();
  const keys = [
    ['1 … 5', keyboard.views],
    ['/', keyboard.search],
    ['j k', keyboard.rows],
    ['Enter', keyboard.open],
    ['.', keyboard.actions],
    ['f', keyboard.follow],
    ['Esc', keyboard.back],
    ['?', keyboard.help],
  ] as const;
  return (
    <Dialog title={keyboard.title} onClose={onClose}>
      <dl className="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {keyboard.close}
        </button>
      </div>
    </Dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches('input:not([type=radio], [type=checkbox]), textarea, select')
  );
}

function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('[data-row]')];
}

function currentRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>('[data-row]') ?? null;
}

function moveRow(step: 1 | -1): void {
  const all = rows();
  const current = currentRow();
  const at = current === null ? (step === 1 ? -1 : all.length) : all.indexOf(current);
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  next?.querySelector<HTMLElement>('[data-row-main]')?.focus();
}

function openActions(): void {
  (currentRow() ?? document).querySelector<HTMLElement>('[data-menu-button]')?.click();
}
