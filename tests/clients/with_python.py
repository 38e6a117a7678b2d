"""Python grpcio through reflection only: every message class is made from the descriptors the server hands out.

The channel asks for gzip, so the ledger, reflection and health must all accept it.
"""

import sys

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from story import STORY, Refused, tell


def refused(error):
    """Makes a Refused from the rich status of a failed call."""
    status = rpc_status.from_call(error)
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        _ = detail.Unpack(info) or detail.Unpack(bad)
    fields = [violation.field for violation in bad.field_violations]
    return Refused(error.code().name, status.message, info.reason, info.domain, fields)


class Python:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(address, compression=grpc.Compression.Gzip)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)
        self.service = self.pool.FindServiceByName(STORY["service"])

    def services(self):
        return list(self.database.get_services())

    def methods(self):
        return [method.name for method in self.service.methods]

    def describe(self):
        """The comments that travel with the descriptors, which the pool itself leaves out."""
        asks = [
            reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol)
            for symbol in (STORY["service"], "detente.v1.GetStateRequest")
        ]
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        replies = list(stub.ServerReflectionInfo(iter(asks), timeout=30))
        files = [FileDescriptorProto.FromString(f) for r in replies for f in r.file_descriptor_response.file_descriptor_proto]
        return "".join(location.leading_comments for f in files for location in f.source_code_info.location)

    def health(self):
        request = health_pb2.HealthCheckRequest(service=STORY["service"])
        status = health_pb2_grpc.HealthStub(self.channel).Check(request, timeout=30).status
        return health_pb2.HealthCheckResponse.ServingStatus.Name(status)

    def prepared(self, method, make):
        """The callable of a method, and the classes of its messages."""
        described = self.service.methods_by_name[method]
        request, response = GetMessageClass(described.input_type), GetMessageClass(described.output_type)
        path = f"/{STORY['service']}/{method}"
        call = make(path, request_serializer=request.SerializeToString, response_deserializer=response.FromString)
        return call, request

    def plain(self, reply):
        return json_format.MessageToDict(reply, descriptor_pool=self.pool)

    def call(self, method, request):
        call, message = self.prepared(method, self.channel.unary_unary)
        try:
            return self.plain(call(json_format.ParseDict(request, message(), descriptor_pool=self.pool), timeout=30))
        except grpc.RpcError as error:
            raise refused(error) from None

    def stream(self, method, request):
        call, message = self.prepared(method, self.channel.unary_stream)
        replies = call(json_format.ParseDict(request, message(), descriptor_pool=self.pool), timeout=30)
        return [self.plain(reply) for reply in replies]


tell("PYTHON", Python(sys.argv[1]))
