/** A package whose code is part of the product. */
export interface Licence {
  readonly name: string;
  readonly version: string;
  /** As SPDX names it. */
  readonly licence: string;
  /** null: the package names its licence alone. */
  readonly text: string | null;
}
