/** Names of variables whose values are kept out of every log (docs/security.md). */
const SECRET_NAME =
  /(^|_)(password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|private_?key|key|credentials?|connection_?string|auth|dsn)$/i;

/** True when a variable of this name looks as if it held a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/([a-z0-9])([A-Z])/g, '$1_$2'));
}
