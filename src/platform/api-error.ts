export interface ErrorInfo {
  code: string;
  message: string;
  location?: string;
  locationType?: string;
}

/** An answer that is an error: becomes the API's DefaultError. */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: ErrorInfo[];

  constructor(status: number, message: string, errors: ErrorInfo[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** The DefaultError body of the specification. */
export function defaultError(status: number, message: string, errors: ErrorInfo[], nowMs: number) {
  return { timestamp: new Date(nowMs).toISOString(), status, message, ...(errors.length > 0 && { errors }) };
}
