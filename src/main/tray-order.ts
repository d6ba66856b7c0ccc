/** What a menu item asks for. */
export type TrayOrder =
  | { readonly do: 'open'; readonly hash: string }
  | { readonly do: 'stop-run'; readonly id: string }
  | { readonly do: 'start'; readonly robot: string }
  | { readonly do: 'pause'; readonly forMs: number | null }
  | { readonly do: 'resume' }
  | { readonly do: 'postpone'; readonly id: string; readonly forMs: number }
  | { readonly do: 'start-now'; readonly id: string }
  | { readonly do: 'present'; readonly forMs: number | null }
  | { readonly do: 'stop-presenting' }
  | { readonly do: 'quit' };

export interface TrayItem {
  readonly label: string;
  readonly order?: TrayOrder;
  readonly items?: readonly TrayItem[];
  readonly isSeparator?: boolean;
  /** It is on; a click takes it off. */
  readonly isChecked?: boolean;
}

export const SEPARATOR: TrayItem = { label: '', isSeparator: true };
