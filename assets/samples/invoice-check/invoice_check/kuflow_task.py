"""The task that this run is for, by way of the official SDK."""

import pathlib
from typing import Any, Dict, Mapping

from kuflow_rest import KuBotTokenCredential, KuFlowRestClient
from kuflow_rest import models


class KuFlowTask:
    def __init__(self, client: KuFlowRestClient, process_id: str, task_id: str) -> None:
        self._client = client
        self._process_id = process_id
        self._task_id = task_id

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "KuFlowTask":
        credential = KuBotTokenCredential(
            token=environment["KUFLOW_API_TOKEN"],
            expires_on=int(environment["KUFLOW_API_TOKEN_EXPIRE_ON"]),
        )
        client = KuFlowRestClient(credential=credential, endpoint=environment["KUFLOW_API_ENDPOINT"])
        return cls(client, environment["KUFLOW_PROCESS_ID"], environment["KUFLOW_TASK_ID"])

    @property
    def data(self) -> Dict[str, Any]:
        item = self._client.process_item.retrieve_process_item(id=self._task_id)
        return dict(item.task.data.value or {}) if item.task and item.task.data else {}

    def download(self, document_uri: str) -> bytes:
        parts = self._client.process.download_process_document(id=self._process_id, document_uri=document_uri)
        return b"".join(parts)

    def upload(self, path: pathlib.Path, content_type: str) -> str:
        with path.open("rb") as content:
            document = models.Document(file_name=path.name, content_type=content_type, file_content=content)
            reference = self._client.process.upload_process_document(id=self._process_id, document=document)
        return reference.document_uri

    def merge_data(self, values: Dict[str, Any]) -> None:
        merged = {**self.data, **values}
        params = models.ProcessItemTaskDataUpdateParams(data=models.JsonValue(value=merged))
        self._client.process_item.update_process_item_task_data(
            id=self._task_id, process_item_task_data_update_params=params
        )
