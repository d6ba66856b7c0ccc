import { ApiError } from '../api-error.ts';
import type { Operation } from '../platform-state.ts';

/** Operations of the specification that no robot run touches and that this platform does not offer. */
export const notOffered: Operation = ({ operationId }) => {
  throw new ApiError(501, `The embedded platform does not offer ${operationId}`);
};
