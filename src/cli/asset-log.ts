import type { AssetLog } from '../platform/assets/asset-source.ts';
import type { Terminal } from './terminal.ts';
import { printable } from './text.ts';

/** What the maker of assets tells, as a line beside the result: making a Python takes a while. */
export function assetLog(terminal: Terminal): AssetLog {
  return (message, fields) => {
    const details = Object.entries(fields).map(([name, value]) => `${name} ${String(value)}`);
    terminal.note(printable(`platform: ${message}${details.length === 0 ? '' : ` (${details.join(', ')})`}`));
  };
}
