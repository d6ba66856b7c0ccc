import './settings.css';
import { useState } from 'react';
import { LANGUAGES, WORDS } from '../../../shared/words/language.ts';
import { useAgent, useAnswer } from '../../agent/agent-context.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { THEMES } from '../../preferences.ts';
import { hrefOf } from '../../route.ts';
import { useSpeech } from '../../words/words-context.tsx';
import { AutostartSetting } from './autostart-setting.tsx';
import { describeSetting } from './describe-setting.ts';
import { groupOf, SETTING_GROUPS } from './setting-groups.ts';
import { SettingRow } from './setting-row.tsx';

/** Every setting, with who set it. */
export function SettingsView() {
  const { words, language } = useSpeech();
  const { shell } = useAgent();
  const [search, setSearch] = useState('');
  const { data, error, again } = useAnswer('configExplain', undefined);
  const wanted = search.trim().toLowerCase();
  // Those of one robot are with the robot.
  const shown = (data ?? []).filter(
    ({ key }) =>
      !key.includes('.') && `${key} ${describeSetting(key, language).text}`.toLowerCase().includes(wanted),
  );
  return (
    <div className="view">
      <header className="view-head">
        <h1>{words.settings.title}</h1>
        <SearchField label={words.settings.search} value={search} onChange={setSearch} />
      </header>
      <Failure error={error} onAgain={again} />
      {wanted === '' && <WindowSettings />}
      {SETTING_GROUPS.map((group) => {
        const own = shown.filter(({ key }) => groupOf(key) === group);
        if (own.length === 0) return null;
        return (
          <section key={group} className="section">
            <div className="section-head">
              <h2>{words.settings.groups[group]}</h2>
              {group === 'connection' && shell !== null && (
                <a className="button" href={hrefOf({ view: 'set-up' })}>
                  {words.setUp.change}
                </a>
              )}
            </div>
            <ul className="list">
              {own.map((setting) => (
                <SettingRow key={setting.key} setting={setting} onSaved={again} />
              ))}
            </ul>
          </section>
        );
      })}
      {data !== null && shown.length === 0 && <Empty icon="search" title={words.settings.nothingFits} />}
      {data === null && error === null && <p className="soft appear-late">{words.loading}</p>}
    </div>
  );
}

/** What this app looks like, speaks and does by itself: a matter of who sits here, not of the agent. */
function WindowSettings() {
  const { words, preferences, prefer, language } = useSpeech();
  const { shell } = useAgent();
  return (
    <section className="section">
      <h2>{words.settings.groups.window}</h2>
      <ul className="list">
        <li className="setting">
          <span className="setting-text">{words.settings.theme}</span>
          <Choice
            label={words.settings.theme}
            value={preferences.theme}
            options={THEMES.map((value) => ({ value, label: words.settings.themes[value] }))}
            onChange={(theme) => prefer({ theme })}
          />
        </li>
        <li className="setting">
          <span className="setting-text">{words.settings.languageLabel}</span>
          <Choice
            label={words.settings.languageLabel}
            value={language}
            options={LANGUAGES.map((value) => ({ value, label: WORDS[value].language }))}
            onChange={(chosen) => prefer({ language: chosen })}
          />
        </li>
        {shell !== null && <AutostartSetting shell={shell} />}
      </ul>
    </section>
  );
}
