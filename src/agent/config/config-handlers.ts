import type { ControlHandlers } from '../../shared/control-api.ts';
import type { AgentConfig } from './agent-config.ts';
import { explainConfig, explainSetting } from './explain-config.ts';
import { writeSetting } from './settings-file.ts';

/**
 * The settings as the control API shows and changes them: always as the files are now. What is set takes effect
 * when the agent starts next.
 */
export function createConfigHandlers(
  config: Pick<AgentConfig, 'homeDir' | 'reload'>,
): Pick<ControlHandlers, 'configGet' | 'configSet' | 'configExplain'> {
  // One after another: two writers lose each other's keys.
  let writing: Promise<void> = Promise.resolve();
  return {
    configGet: async ({ key }) => explainSetting(config.reload(), key),
    configExplain: async () => explainConfig(config.reload()),
    configSet: async ({ key, value }) => {
      const written = writing.then(() => writeSetting(config.homeDir, key, value));
      writing = written.catch(() => undefined);
      await written;
      return explainSetting(config.reload(), key);
    },
  };
}
