// The task that this run is for, by plain HTTP: what the SDK does, in forty lines.

/** Null when the robot was started without a task. */
export function connectTask(environment) {
  const { KUFLOW_TASK_ID: taskId, KUFLOW_PROCESS_ID: processId } = environment;
  if (!taskId) return null;

  const call = async (path, { method = 'GET', body } = {}) => {
    const response = await fetch(`${environment.KUFLOW_API_ENDPOINT}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${environment.KUFLOW_API_TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response;
  };

  return {
    async readData() {
      const response = await call(`/process-items/${taskId}`);
      const item = await response.json();
      return item.task?.data?.value ?? {};
    },
    async download(documentUri) {
      const query = new URLSearchParams({ documentUri });
      const response = await call(`/processes/${processId}/~actions/download-document?${query}`);
      return response.text();
    },
    async writeData(value) {
      await call(`/process-items/${taskId}/task/data`, { method: 'PUT', body: { data: { value } } });
    },
  };
}
