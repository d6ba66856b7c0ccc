import { Icon } from './icon.tsx';

/** `/` brings the focus here. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <div className="search">
      <Icon name="search" />
      <input
        type="search"
        className="field"
        placeholder={label}
        aria-label={label}
        value={value}
        spellCheck={false}
        data-search
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
