/// What a Python handler's process runs: it calls the handler as Lambda's runtime does (checked against awslambdaric 4.2.2).
enum PythonBootstrap {
    static let source = #"""
        import importlib, json, os, signal, sys, threading, time, traceback

        requests = os.fdopen(3, "rb")
        answers = os.fdopen(4, "wb")
        root = os.environ["LAMBDA_TASK_ROOT"]
        for number in (3, 4):
            os.set_inheritable(number, False)
        if sys.path and sys.path[0] == "":
            del sys.path[0]
        sys.path.insert(0, root)
        if os.path.exists(os.environ.get("SFN_LOCAL_AWS", "")):
            # boto3 finds this machine's buckets, parameters and queues.
            import runpy
            runpy.run_path(os.environ["SFN_LOCAL_AWS"])


        class Fault(Exception):
            def __init__(self, kind, message, trace=None):
                self.kind, self.message, self.trace = kind, message, trace or []


        def shown(path):
            # On Lambda the code lies in /var/task.
            return "/var/task" + path[len(root):] if path == root or path.startswith(root + "/") else path


        def frames(tb):
            entries = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(tb)]
            while entries and entries[0][0] == "<string>":
                entries.pop(0)
            return entries


        def report(message, kind, trace, request_id):
            return {"errorMessage": message or "", "errorType": kind or "", "requestId": request_id or "", "stackTrace": trace or []}


        def find_handler():
            name = os.environ["_HANDLER"]
            if "." not in name:
                raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
            module, function = name.rsplit(".", 1)
            if module.split(".")[0] in sys.builtin_module_names:
                raise Fault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module)
            try:
                loaded = importlib.import_module(module.replace("/", "."))
            except ImportError as error:
                raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, error))
            except SyntaxError as error:
                raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, error),
                            ['  File "%s" Line %s\n    %s' % (shown(error.filename or ""), error.lineno, error.text)])
            try:
                return getattr(loaded, function)
            except AttributeError:
                raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, module))


        class Box:
            pass


        class Context:
            def __init__(self, facts):
                env = os.environ.get
                self.aws_request_id = facts["aws_request_id"]
                self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
                self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
                self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
                self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
                self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
                self.invoked_function_arn = facts["invoked_function_arn"]
                self.tenant_id = None
                self.identity = Box()
                self.identity.cognito_identity_id = None
                self.identity.cognito_identity_pool_id = None
                self.client_context = None
                client = facts.get("client_context")
                if client is not None:
                    self.client_context = Box()
                    self.client_context.custom = client.get("custom")
                    self.client_context.env = client.get("env")
                    self.client_context.client = None
                    if client.get("client") is not None:
                        self.client_context.client = Box()
                        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
                            setattr(self.client_context.client, name, client["client"].get(name))
                self._deadline = facts["deadline_ms"]

            def get_remaining_time_in_millis(self):
                return max(0, self._deadline - int(time.time() * 1000))

            def log(self, message):
                sys.stdout.write(str(message))


        def encode(value):
            if isinstance(value, bytes):
                return value
            decimals = {}

            def default(item):
                import decimal
                if isinstance(item, decimal.Decimal):
                    if item.is_nan():
                        return float("nan")
                    mark = "\ud800%d\udc00dec" % len(decimals)
                    decimals[mark] = str(item)
                    return mark
                if isinstance(item, bytes):
                    return item.decode("utf-8")
                raise TypeError("Object of type %s is not JSON serializable" % type(item).__name__)

            try:
                text = json.dumps(value, default=default)
            except Exception as error:
                raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)
            for mark, digits in decimals.items():
                text = text.replace(json.dumps(mark), digits)
            return text.encode("utf-8")


        def answer(kind, body):
            sys.stdout.flush()
            sys.stderr.flush()
            answers.write(b"%s %d\n" % (kind, len(body)) + body)
            answers.flush()


        lines = []
        ready = threading.Condition()


        def listen():
            # The end of this stream is the end of the engine: whatever runs here is unwanted then.
            for line in requests:
                with ready:
                    lines.append(line)
                    ready.notify()
            try:
                os.killpg(0, signal.SIGKILL)
            finally:
                os._exit(0)


        threading.Thread(target=listen, daemon=True).start()
        failure = None
        try:
            handler = find_handler()
        except Fault as fault:
            failure = (fault.message, fault.kind, fault.trace)
        except MemoryError:
            os.kill(os.getpid(), signal.SIGKILL)
        except Exception as error:
            entries = [(shown(f[0]), f[1], f[2], f[3]) for f in frames(error.__traceback__)]
            failure = (str(error), type(error).__name__, traceback.format_list(entries))

        while True:
            with ready:
                while not lines:
                    ready.wait()
                request = json.loads(lines.pop(0))
            request_id = request["context"]["aws_request_id"]
            if failure:
                sys.stderr.write("[ERROR] %s: %s\n" % (failure[1], failure[0]))
                answer(b"init", json.dumps(report(*failure, request_id)).encode())
                continue
            try:
                os.environ["_X_AMZN_TRACE_ID"] = "Root=1-%08x-%s" % (int(time.time()), request_id.replace("-", "")[:24])
                body = encode(handler(request["event"], Context(request["context"])))
                answer(b"payload", body)
            except Fault as fault:
                sys.stderr.write("[ERROR] %s: %s\n" % (fault.kind, fault.message))
                answer(b"error", json.dumps(report(fault.message, fault.kind, fault.trace, request_id)).encode())
            except MemoryError:
                # Lambda's sandbox kills a process that wants more memory than it has.
                os.kill(os.getpid(), signal.SIGKILL)
            except Exception as error:
                entries = frames(error.__traceback__)
                traced = traceback.format_list([(shown(f[0]), f[1], f[2], f[3]) for f in entries])
                sys.stderr.write("[ERROR] %s: %s\nTraceback (most recent call last):\n%s" % (
                    type(error).__name__, error, "".join(traceback.format_list(entries))))
                answer(b"error", json.dumps(report(str(error), type(error).__name__, traced, request_id)).encode())
        """#
}
