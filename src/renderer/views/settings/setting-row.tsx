import './settings.css';
import { useId, useState } from 'react';
import type { ExplainedSetting } from '../../../shared/control-api.ts';
import { parseSettingText } from '../../../shared/parse-setting.ts';
import { useAgent, useMayOrder, useOrder } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useFormat, useSpeech } from '../../words/words-context.tsx';
import { describeSetting, lastPart } from './describe-setting.ts';
import { holdsAtOnce } from './setting-groups.ts';
import { shownValue, writtenValue } from './setting-text.ts';

/** A setting: what it is, what it is now, who said so, and how to change it where one may. */
export function SettingRow({ setting, onSaved }: { setting: ExplainedSetting; onSaved: () => void }) {
  const { words, language } = useSpeech();
  const format = useFormat();
  const { client } = useAgent();
  const { kind, text, options } = describeSetting(setting.key, language);
  const name = lastPart(setting.key);
  const [draft, setDraft] = useState<string | null>(null);
  const [isSaved, setSaved] = useState(false);
  const describedBy = useId();
  const save = useOrder(async (value: unknown) => {
    await client.call('configSet', { key: setting.key, value });
    setDraft(null);
    setSaved(true);
    onSaved();
  });
  const saveText = (typed: string) =>
    void save.give(
      typed.trim() === '' && kind === 'text' ? null : tolerant(() => parseSettingText(kind, typed), typed),
    );
  const mayOrder = useMayOrder();
  const isShadowed = setting.source === 'flag' || setting.source === 'environment';
  const isFixed = setting.locked || isShadowed || !mayOrder;
  const isDirect = kind === 'boolean' || (kind === 'choice' && options.length > 0);
  return (
    <li className="setting" data-row>
      <div className="setting-text">
        <p id={describedBy}>{text || name}</p>
        {text && <code className="soft small setting-name">{name}</code>}
        {setting.locked && <Note>{words.settings.locked}</Note>}
        {isShadowed && !setting.locked && (
          <Note>{words.settings.shadowed[setting.source === 'flag' ? 'flag' : 'environment']}</Note>
        )}
        {isSaved && draft === null && (
          <p className="setting-saved small" role="status">
            <Icon name="check" /> {holdsAtOnce(setting.key) ? words.settings.savedNow : words.settings.saved}
          </p>
        )}
        <Failure error={save.error} onDismiss={save.forget} />
      </div>
      <div className="setting-value">
        {isDirect && !isFixed ? (
          <select
            className="field"
            aria-label={name}
            aria-describedby={describedBy}
            data-row-main
            disabled={save.isUnderWay}
            value={String(setting.value)}
            onChange={({ target }) =>
              void save.give(kind === 'boolean' ? target.value === 'true' : target.value)
            }
          >
            {kind === 'boolean'
              ? ['true', 'false'].map((value) => (
                  <option key={value} value={value}>
                    {value === 'true' ? words.settings.on : words.settings.off}
                  </option>
                ))
              : options.map((value) => <option key={value}>{value}</option>)}
          </select>
        ) : (
          draft === null && (
            <div className="setting-shown">
              <span className="setting-now" title={writtenValue(setting.value, kind)}>
                {shownValue(setting.value, kind, words, format)}
              </span>
              {isFixed ? (
                <Icon name="lock" />
              ) : (
                <button
                  type="button"
                  className="button button-quiet"
                  aria-label={`${words.settings.change} ${name}`}
                  data-row-main
                  onClick={() => {
                    setSaved(false);
                    setDraft(writtenValue(setting.value, kind));
                  }}
                >
                  {words.settings.change}
                </button>
              )}
            </div>
          )
        )}
        <span className="soft small">{words.settings.source[setting.source]}</span>
      </div>
      {draft !== null && (
        <form
          className="setting-edit"
          onSubmit={(event) => {
            event.preventDefault();
            saveText(draft);
          }}
        >
          {kind === 'json' ? (
            <textarea
              className="field"
              rows={Math.min(10, draft.split('\n').length + 1)}
              aria-label={name}
              value={draft}
              spellCheck={false}
              onChange={({ target }) => setDraft(target.value)}
            />
          ) : (
            <input
              className="field"
              aria-label={name}
              aria-describedby={describedBy}
              // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here
              autoFocus
              value={draft}
              spellCheck={false}
              onChange={({ target }) => setDraft(target.value)}
            />
          )}
          <button type="submit" className="button button-main" disabled={save.isUnderWay}>
            {words.settings.save}
          </button>
          <button type="button" className="button" onClick={() => setDraft(null)}>
            {words.settings.cancel}
          </button>
        </form>
      )}
    </li>
  );
}

function Note({ children }: { children: string }) {
  return (
    <p className="setting-note small">
      <Icon name="lock" />
      {children}
    </p>
  );
}

/** What does not have its form goes as it is: the agent says what is wrong with it. */
function tolerant(parse: () => unknown, typed: string): unknown {
  try {
    return parse();
  } catch {
    return typed;
  }
}
