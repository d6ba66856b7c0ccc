/** Names of variables whose values are kept out of every log (docs/security.md). A number may stand behind. */
const SECRET_NAME =
  /(^|_)(passwords?|passwd|pass|pwd|passphrase|secrets?|secret_key_base|tokens?|jwt|bearer|cookie|api_?keys?|key|keys|credentials?|connection_?strings?|auth|authorization|dsn|sas)(_?\d+)?$/i;

/** True when a variable of this name looks as if it held a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[-.]/g, '_'));
}
