import { useEffect, useMemo, useState } from 'react';
import type { Licence } from '../../../shared/licence.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { useWords } from '../../words/words-context.tsx';

/** Whose work is in the product, and on what terms. */
export function LicencesButton() {
  const { health: words } = useWords();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button button-quiet" onClick={() => setOpen(true)}>
        {words.licences}
      </button>
      {isOpen && <LicencesDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function LicencesDialog({ onClose }: { onClose: () => void }) {
  const { health: words, loading } = useWords();
  const [licences, setLicences] = useState<readonly Licence[] | null>(null);
  const [search, setSearch] = useState('');
  useEffect(() => {
    void import('virtual:licences').then((loaded) => setLicences(loaded.default));
  }, []);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return (licences ?? []).filter(({ name, licence }) =>
      `${name} ${licence}`.toLowerCase().includes(wanted),
    );
  }, [licences, search]);
  return (
    <Dialog title={words.licences} onClose={onClose}>
      <p className="soft">{words.licencesAbout}</p>
      <input
        className="field"
        type="search"
        aria-label={words.searchLicences}
        placeholder={words.searchLicences}
        value={search}
        onChange={({ target }) => setSearch(target.value)}
      />
      {licences === null ? (
        <p className="soft appear-late">{loading}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <ul className="licences" tabIndex={0} aria-label={words.licences}>
          {shown.map(({ name, version, licence, text }) => (
            <li key={`${name} ${version}`}>
              <details>
                <summary>
                  {name} <span className="soft">{version}</span>
                  <span className="soft licence-name">{licence}</span>
                </summary>
                <pre>{text ?? words.noLicenceText}</pre>
              </details>
            </li>
          ))}
        </ul>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {words.close}
        </button>
      </div>
    </Dialog>
  );
}
