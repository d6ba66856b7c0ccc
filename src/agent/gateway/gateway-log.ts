type Write = (message: string, fields?: Record<string, unknown>) => void;

/** What the gateway needs of the agent log. */
export interface GatewayLog {
  debug: Write;
  info: Write;
  warn: Write;
  error: Write;
}
