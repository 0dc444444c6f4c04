/// What lets Python code that runs here reach the local buckets, parameters, queues and SageMaker records through boto3: it
/// answers botocore's calls in the process itself, before anything is signed or sent. Loaded as `sitecustomize` by jobs and by
/// the bootstrap of Python functions; calls of other services go where they always went.
enum LocalAWSProgram {
    static let source = #"""
        import importlib.util, os, sys

        LOCAL = set(filter(None, os.environ.get("SFN_LOCAL_SERVICES", "").split(",")))


        def install(handlers):
            import base64, datetime, email.utils, hashlib, io, json, re, shutil, time, uuid

            DATA = os.environ["SFN_LOCAL_DATA"]
            MAPPED = json.loads(os.environ.get("SFN_LOCAL_BUCKETS", "{}"))
            REGION = os.environ.get("AWS_REGION", "us-east-1")
            ACCOUNT = os.environ.get("SFN_LOCAL_ACCOUNT", "123456789012")

            class Problem(Exception):
                def __init__(self, status, code, message):
                    self.status, self.code, self.message = status, code, message

            class Sent:
                def __init__(self, status):
                    self.status_code, self.headers, self.content = status, {}, b""

            # MARK: names of files, as LocalBuckets.swift makes them

            def file_name(part):
                raw = part.encode()
                if part and part not in (".", "..") and len(raw) <= 255 and b"\0" not in raw and not part.startswith("%~") and not part.endswith(".part"):
                    return part
                text = raw.hex()
                return "%~" + (text if len(text) <= 250 else hashlib.sha256(raw).hexdigest())

            def key_part(name):
                if not name.startswith("%~"):
                    return name
                try:
                    return bytes.fromhex(name[2:]).decode()
                except ValueError:
                    return name

            def folder(bucket):
                if bucket in MAPPED:
                    return MAPPED[bucket]
                if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}", bucket or ""):
                    raise Problem(400, "InvalidBucketName", "The specified bucket is not valid: %s" % bucket)
                return os.path.join(DATA, "buckets", bucket)

            def place(bucket, key):
                key = key[:-1] if key.endswith("/") else key
                return os.path.join(folder(bucket), *[file_name(p) for p in key.split("/")])

            def exists(bucket):
                if not os.path.isdir(folder(bucket)):
                    raise Problem(404, "NoSuchBucket", "The specified bucket does not exist")

            def stored(path, body):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                part = "%s.%d-%s.part" % (path, os.getpid(), uuid.uuid4().hex[:8])
                digest = hashlib.md5()
                with open(part, "wb") as out:
                    if hasattr(body, "read"):
                        while True:
                            chunk = body.read(1 << 20)
                            if not chunk:
                                break
                            chunk = chunk.encode() if isinstance(chunk, str) else chunk
                            digest.update(chunk)
                            out.write(chunk)
                    else:
                        chunk = body.encode() if isinstance(body, str) else bytes(body or b"")
                        digest.update(chunk)
                        out.write(chunk)
                os.replace(part, path)
                return '"%s"' % digest.hexdigest()

            def etag(path):
                facts = os.stat(path)
                if facts.st_size > 1 << 20:
                    return '"%s-2"' % hashlib.md5(("%s %d %d" % (path, facts.st_size, facts.st_mtime_ns)).encode()).hexdigest()
                with open(path, "rb") as file:
                    return '"%s"' % hashlib.md5(file.read()).hexdigest()

            def moment(seconds):
                return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)

            def described(path):
                facts = os.stat(path)
                return {"ContentLength": facts.st_size, "ETag": etag(path), "LastModified": moment(facts.st_mtime),
                        "ContentType": "binary/octet-stream", "AcceptRanges": "bytes", "Metadata": {}}

            def found(p, code="NoSuchKey"):
                path = place(p["Bucket"], p["Key"])
                if not os.path.isfile(path):
                    exists(p["Bucket"])
                    raise Problem(404, code, "Not Found" if code == "404" else "The specified key does not exist.")
                return path

            def keys(bucket, prefix):
                top = folder(bucket)
                result = []
                for base, folders, files in os.walk(top):
                    here = os.path.relpath(base, top)
                    start = "" if here == "." else "/".join(key_part(p) for p in here.split(os.sep)) + "/"
                    folders[:] = [d for d in folders if (start + key_part(d) + "/").startswith(prefix) or prefix.startswith(start + key_part(d) + "/")]
                    result += [start + key_part(f) for f in files if not f.endswith(".part") and (start + key_part(f)).startswith(prefix)]
                return sorted(result, key=lambda k: k.encode())

            def listing(p, after):
                exists(p["Bucket"])
                prefix, delimiter, most = p.get("Prefix") or "", p.get("Delimiter") or "", int(p.get("MaxKeys") or 1000)
                contents, folders, last, more = [], [], "", False
                for key in keys(p["Bucket"], prefix):
                    if after and key <= after:
                        continue
                    end = key.find(delimiter, len(prefix)) if delimiter else -1
                    if end >= 0 and folders and folders[-1] == key[:end + len(delimiter)]:
                        last = key
                        continue
                    if len(contents) + len(folders) >= most:
                        more = True
                        break
                    last = key
                    if end >= 0:
                        folders.append(key[:end + len(delimiter)])
                    else:
                        d = described(place(p["Bucket"], key))
                        contents.append({"Key": key, "LastModified": d["LastModified"], "ETag": d["ETag"], "Size": d["ContentLength"], "StorageClass": "STANDARD"})
                result = {"Name": p["Bucket"], "Prefix": prefix, "MaxKeys": most, "IsTruncated": more}
                if contents:
                    result["Contents"] = contents
                if folders:
                    result["CommonPrefixes"] = [{"Prefix": f} for f in folders]
                return result, last, len(contents) + len(folders)

            class S3:
                def GetObject(self, p):
                    from botocore.response import StreamingBody
                    path = found(p)
                    result = described(path)
                    file = open(path, "rb")
                    size = result["ContentLength"]
                    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", p.get("Range") or "")
                    if wanted:
                        first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2] or 0))
                        last = min(size - 1, int(wanted[2])) if wanted[1] and wanted[2] else size - 1
                        file.seek(first)
                        data = file.read(max(0, last - first + 1))
                        file.close()
                        file, result["ContentLength"] = io.BytesIO(data), len(data)
                        result["ContentRange"] = "bytes %d-%d/%d" % (first, last, size)
                    result["Body"] = StreamingBody(file, result["ContentLength"])
                    return result

                def HeadObject(self, p):
                    return described(found(p, "404"))

                def PutObject(self, p):
                    if p["Key"].endswith("/"):
                        os.makedirs(place(p["Bucket"], p["Key"]), exist_ok=True)
                        return {"ETag": '"%s"' % hashlib.md5(b"").hexdigest()}
                    return {"ETag": stored(place(p["Bucket"], p["Key"]), p.get("Body", b"")), "ServerSideEncryption": "AES256"}

                def CopyObject(self, p):
                    source = p["CopySource"]
                    if isinstance(source, str):
                        from urllib.parse import unquote
                        bucket, _, key = unquote(source.split("?")[0]).lstrip("/").partition("/")
                        source = {"Bucket": bucket, "Key": key}
                    with open(found(source), "rb") as file:
                        tag = stored(place(p["Bucket"], p["Key"]), file)
                    return {"CopyObjectResult": {"ETag": tag, "LastModified": moment(time.time())}}

                def DeleteObject(self, p):
                    path = place(p["Bucket"], p["Key"])
                    if os.path.isfile(path):
                        os.unlink(path)
                    return {}

                def DeleteObjects(self, p):
                    for entry in p["Delete"]["Objects"]:
                        self.DeleteObject({"Bucket": p["Bucket"], "Key": entry["Key"]})
                    return {"Deleted": [{"Key": e["Key"]} for e in p["Delete"]["Objects"]]}

                def ListObjectsV2(self, p):
                    token = p.get("ContinuationToken")
                    result, last, count = listing(p, base64.b64decode(token).decode() if token else p.get("StartAfter"))
                    result["KeyCount"] = count
                    if result["IsTruncated"]:
                        result["NextContinuationToken"] = base64.b64encode(last.encode()).decode()
                    return result

                def ListObjects(self, p):
                    result, last, _ = listing(p, p.get("Marker"))
                    if result["IsTruncated"]:
                        result["NextMarker"] = last
                    return result

                def HeadBucket(self, p):
                    try:
                        exists(p["Bucket"])
                    except Problem:
                        raise Problem(404, "404", "Not Found")
                    return {"BucketRegion": REGION}

                def CreateBucket(self, p):
                    os.makedirs(folder(p["Bucket"]), exist_ok=True)
                    return {"Location": "/" + p["Bucket"]}

                def GetBucketLocation(self, p):
                    exists(p["Bucket"])
                    return {"LocationConstraint": None if REGION == "us-east-1" else REGION}

                def ListBuckets(self, p):
                    top = os.path.join(DATA, "buckets")
                    names = sorted(set(os.listdir(top) if os.path.isdir(top) else []) | set(MAPPED))
                    return {"Buckets": [{"Name": n, "CreationDate": moment(0)} for n in names], "Owner": {"ID": "local"}}

                def CreateMultipartUpload(self, p):
                    upload = uuid.uuid4().hex
                    os.makedirs(os.path.join(DATA, "uploads", upload))
                    return {"Bucket": p["Bucket"], "Key": p["Key"], "UploadId": upload}

                def UploadPart(self, p):
                    if not re.fullmatch("[0-9a-f]{32}", p["UploadId"]):
                        raise Problem(404, "NoSuchUpload", "The specified upload does not exist.")
                    return {"ETag": stored(os.path.join(DATA, "uploads", p["UploadId"], "%05d" % int(p["PartNumber"])), p.get("Body", b""))}

                def CompleteMultipartUpload(self, p):
                    top = os.path.join(DATA, "uploads", p["UploadId"])
                    if not re.fullmatch("[0-9a-f]{32}", p["UploadId"]) or not os.path.isdir(top):
                        raise Problem(404, "NoSuchUpload", "The specified upload does not exist.")
                    whole = os.path.join(top, "whole")
                    with open(whole, "wb") as out:
                        for part in p["MultipartUpload"]["Parts"]:
                            with open(os.path.join(top, "%05d" % int(part["PartNumber"])), "rb") as file:
                                shutil.copyfileobj(file, out)
                    path = place(p["Bucket"], p["Key"])
                    with open(whole, "rb") as file:
                        stored(path, file)
                    shutil.rmtree(top)
                    return {"Bucket": p["Bucket"], "Key": p["Key"], "ETag": etag(path), "Location": "s3://%s/%s" % (p["Bucket"], p["Key"])}

                def AbortMultipartUpload(self, p):
                    if re.fullmatch("[0-9a-f]{32}", p["UploadId"]):
                        shutil.rmtree(os.path.join(DATA, "uploads", p["UploadId"]), ignore_errors=True)
                    return {}

            # MARK: parameters, as LocalParameters.swift keeps them

            class SSM:
                def path(self, name):
                    return os.path.join(DATA, "parameters", *[file_name(p) for p in (name.lstrip("/") + ".json").split("/")])

                def read(self, name):
                    try:
                        with open(self.path(name)) as file:
                            record = json.load(file)
                    except OSError:
                        raise Problem(400, "ParameterNotFound", "Parameter %s not found." % name)
                    record["LastModifiedDate"] = datetime.datetime.fromisoformat(record["LastModifiedDate"].replace("Z", "+00:00"))
                    return record

                def PutParameter(self, p):
                    old = None
                    try:
                        old = self.read(p["Name"])
                    except Problem:
                        pass
                    if old and not p.get("Overwrite"):
                        raise Problem(400, "ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
                    version = (old or {}).get("Version", 0) + 1
                    name = p["Name"]
                    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
                    record = {"ARN": "arn:aws:ssm:%s:%s:parameter%s%s" % (REGION, ACCOUNT, "" if name.startswith("/") else "/", name), "DataType": "text",
                              "LastModifiedDate": now, "Name": name, "Type": p.get("Type") or (old or {}).get("Type", "String"), "Value": p["Value"], "Version": version}
                    stored(self.path(name), json.dumps(record, indent=2))
                    return {"Version": version, "Tier": "Standard"}

                def GetParameter(self, p):
                    return {"Parameter": self.read(p["Name"])}

                def GetParameters(self, p):
                    good, bad = [], []
                    for name in p["Names"]:
                        try:
                            good.append(self.read(name))
                        except Problem:
                            bad.append(name)
                    return {"Parameters": good, "InvalidParameters": bad}

                def DeleteParameter(self, p):
                    self.read(p["Name"])
                    os.unlink(self.path(p["Name"]))
                    return {}

            # MARK: queues, as LocalQueues.swift keeps them

            class SQS:
                def folder(self, p):
                    name = re.split("[/:]", p["QueueUrl"])[-1]
                    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", name):
                        raise Problem(400, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
                    return os.path.join(DATA, "queues", name)

                def GetQueueUrl(self, p):
                    return {"QueueUrl": "https://sqs.%s.amazonaws.com/%s/%s" % (REGION, ACCOUNT, p["QueueName"])}

                CreateQueue = GetQueueUrl

                def SendMessage(self, p):
                    name = str(uuid.uuid4())
                    now = str(int(time.time() * 1000))
                    digest = hashlib.md5(p["MessageBody"].encode()).hexdigest()
                    record = {"MessageId": name, "Body": p["MessageBody"], "MD5OfBody": digest, "Attributes": {"SentTimestamp": now}}
                    stored(os.path.join(self.folder(p), "%s-%s.json" % (now, name)), json.dumps(record, indent=2))
                    return {"MessageId": name, "MD5OfMessageBody": digest}

                def ReceiveMessage(self, p):
                    top, messages = self.folder(p), []
                    end = time.time() + min(20, p.get("WaitTimeSeconds") or 0)
                    while True:
                        for name in sorted(os.listdir(top)) if os.path.isdir(top) else []:
                            if name.endswith(".json") and len(messages) < (p.get("MaxNumberOfMessages") or 1):
                                with open(os.path.join(top, name)) as file:
                                    record = json.load(file)
                                messages.append({k: record[k] for k in ("MessageId", "Body", "MD5OfBody") if k in record} | {"ReceiptHandle": name})
                        if messages or time.time() >= end:
                            return {"Messages": messages} if messages else {}
                        time.sleep(0.2)

                def DeleteMessage(self, p):
                    path = os.path.join(self.folder(p), os.path.basename(p["ReceiptHandle"]))
                    if os.path.exists(path):
                        os.unlink(path)
                    return {}

            class STS:
                def GetCallerIdentity(self, p):
                    return {"Account": ACCOUNT, "Arn": "arn:aws:iam::%s:user/local" % ACCOUNT, "UserId": "LOCAL"}

            # MARK: SageMaker's records and jobs, to be read, and versions to be approved

            class SageMaker:
                TOP = os.path.join(DATA, "sagemaker")

                def load(self, *parts):
                    try:
                        with open(os.path.join(self.TOP, *parts)) as file:
                            record = json.load(file)
                    except OSError:
                        raise Problem(400, "ValidationException", "Could not find %s" % parts[-1].replace(".json", ""))
                    record.pop("TaskID", None)
                    for name, value in record.items():
                        if name.endswith("Time") and isinstance(value, (int, float)):
                            record[name] = moment(value / 1000)
                    return record

                def name(self, text):
                    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", text or ""):
                        raise Problem(400, "ValidationException", "Could not find %s" % text)
                    return text

                def DescribeModel(self, p):
                    return self.load("records/models", self.name(p["ModelName"]) + ".json")

                def DescribeTrainingJob(self, p):
                    return self.job("training-jobs", p["TrainingJobName"])

                def DescribeProcessingJob(self, p):
                    return self.job("processing-jobs", p["ProcessingJobName"])

                def job(self, kind, name):
                    return self.load(kind, self.name(name), "description.json")

                def package(self, text):
                    group, _, version = text.split("model-package/")[-1].partition("/")
                    top = os.path.join(self.TOP, "records/model-packages-of")
                    for name in os.listdir(top) if os.path.isdir(top) else []:
                        if name.lower() == group.lower() and version.isdigit():
                            return "records/model-packages-of", name, version + ".json"
                    raise Problem(400, "ValidationException", "ModelPackage %s does not exist." % text)

                def DescribeModelPackage(self, p):
                    return self.load(*self.package(p["ModelPackageName"]))

                def UpdateModelPackage(self, p):
                    parts = self.package(p["ModelPackageArn"])
                    path = os.path.join(self.TOP, *parts)
                    with open(path) as file:
                        record = json.load(file)
                    record.update({k: v for k, v in p.items() if k in ("ModelApprovalStatus", "ApprovalDescription", "CustomerMetadataProperties")})
                    stored(path, json.dumps(record, indent=2))
                    return {"ModelPackageArn": p["ModelPackageArn"]}

                def ListModelPackages(self, p):
                    group = p.get("ModelPackageGroupName", "").split("/")[-1]
                    top = os.path.join(self.TOP, "records/model-packages-of", self.name(group))
                    versions = sorted((int(n[:-5]) for n in os.listdir(top) if n.endswith(".json") and n[:-5].isdigit()), reverse=p.get("SortOrder") != "Ascending") if os.path.isdir(top) else []
                    records = [self.load("records/model-packages-of", group, "%d.json" % v) for v in versions]
                    wanted = p.get("ModelApprovalStatus")
                    members = ("ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "ModelPackageDescription", "CreationTime", "ModelPackageStatus", "ModelApprovalStatus")
                    chosen = [{k: r[k] for k in members if k in r} for r in records if not wanted or r.get("ModelApprovalStatus") == wanted]
                    return {"ModelPackageSummaryList": chosen[:p.get("MaxResults") or 100]}

            services = {"s3": S3(), "ssm": SSM(), "sqs": SQS(), "sts": STS(), "sagemaker": SageMaker()}

            def remember(params, context, **_):
                context["sfn_params"] = params

            def answer(model, context, event_name, **_):
                service = event_name.split(".")[1]
                if service not in LOCAL or service not in services:
                    return None
                operation = getattr(services[service], model.name, None)
                if operation is None:
                    status, parsed = 501, {"Error": {"Code": "NotImplemented", "Message": "%s.%s is not available on this machine" % (service, model.name)}}
                else:
                    try:
                        status, parsed = 200, operation(context.get("sfn_params") or {})
                    except Problem as problem:
                        status, parsed = problem.status, {"Error": {"Code": problem.code, "Message": problem.message}}
                parsed["ResponseMetadata"] = {"RequestId": str(uuid.uuid4()), "HTTPStatusCode": status, "HTTPHeaders": {"date": email.utils.formatdate(usegmt=True)}, "RetryAttempts": 0}
                return Sent(status), parsed

            handlers.BUILTIN_HANDLERS.append(("provide-client-params", remember))
            handlers.BUILTIN_HANDLERS.append(("before-call", answer))


        class Finder:
            """Waits for botocore.handlers to be imported; costs nothing where it never is."""
            busy = False

            def find_spec(self, name, path=None, target=None):
                if name != "botocore.handlers" or self.busy:
                    return None
                self.busy = True
                try:
                    spec = importlib.util.find_spec(name)
                finally:
                    self.busy = False
                if spec and spec.loader:
                    run = spec.loader.exec_module

                    def exec_module(module):
                        run(module)
                        install(module)

                    spec.loader.exec_module = exec_module
                return spec


        if LOCAL and os.environ.get("SFN_LOCAL_DATA"):
            sys.meta_path.insert(0, Finder())
        """#
}
