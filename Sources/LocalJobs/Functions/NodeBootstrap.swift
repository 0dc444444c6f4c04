/// What a Node handler's process runs. Handlers may be async, return a promise, or call the callback; files may be
/// CommonJS or ES modules. Errors have the shape of Lambda's Node runtime: errorType, errorMessage, trace.
enum NodeBootstrap {
    static let source = #"""
        const fs = require('fs'), path = require('path'), url = require('url');
        const root = process.env.LAMBDA_TASK_ROOT;
        const shown = text => text.split(root + '/').join('/var/task/');
        const failure = error => error instanceof Error
            ? { errorType: error.name, errorMessage: error.message, trace: shown(error.stack || '').split('\n') }
            : { errorType: typeof error, errorMessage: String(error), trace: [] };
        const answer = (kind, value) => {
            const body = Buffer.from(value === undefined ? 'null' : value);
            const all = Buffer.concat([Buffer.from(kind + ' ' + body.length + '\n'), body]);
            for (let at = 0; at < all.length;) {
                try { at += fs.writeSync(4, all, at); } catch (e) { if (e.code !== 'EAGAIN') throw e; }
            }
        };
        const faulty = (kind, error) => {
            const value = failure(error);
            process.stderr.write(JSON.stringify(value) + '\n', () => answer(kind, JSON.stringify(value)));
        };
        async function load() {
            const name = process.env._HANDLER, dot = name.lastIndexOf('.');
            const base = path.resolve(root, name.slice(0, dot)), fn = name.slice(dot + 1);
            const file = ['.js', '.mjs', '.cjs'].map(s => base + s).find(f => fs.existsSync(f));
            const fault = (type, message) => { const e = new Error(message); e.name = type; e.stack = type + ': ' + message; return e; };
            if (!file) throw fault('Runtime.ImportModuleError', "Error: Cannot find module '" + name.slice(0, dot) + "'");
            let loaded;
            try {
                loaded = file.endsWith('.mjs') ? await import(url.pathToFileURL(file).href) : require(file);
            } catch (error) {
                if (error.code === 'ERR_REQUIRE_ESM') loaded = await import(url.pathToFileURL(file).href);
                else if (error instanceof SyntaxError) throw fault('Runtime.UserCodeSyntaxError', 'SyntaxError: ' + error.message);
                else if (error.code === 'MODULE_NOT_FOUND') throw fault('Runtime.ImportModuleError', 'Error: ' + error.message.split('\n')[0]);
                else throw error;
            }
            const handler = loaded[fn] || (loaded.default && loaded.default[fn]);
            if (handler === undefined) throw fault('Runtime.HandlerNotFound', name + ' is undefined or not exported');
            if (typeof handler !== 'function') throw fault('Runtime.HandlerNotFound', name + ' is not a function');
            return handler;
        }
        const env = process.env;
        const loading = load().then(handler => ({ handler }), error => ({ error }));
        let busy = Promise.resolve();
        async function perform(line) {
            const request = JSON.parse(line), facts = request.context, loaded = await loading;
            if (loaded.error) return faulty('init', loaded.error);
            try {
                const value = await new Promise((resolve, reject) => {
                    const done = (error, result) => error ? reject(error) : resolve(result);
                    const context = {
                        callbackWaitsForEmptyEventLoop: true,
                        functionName: env.AWS_LAMBDA_FUNCTION_NAME, functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
                        memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
                        logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME, logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
                        invokedFunctionArn: facts.invoked_function_arn, awsRequestId: facts.aws_request_id,
                        clientContext: facts.client_context,
                        getRemainingTimeInMillis: () => Math.max(0, facts.deadline_ms - Date.now()),
                        done, succeed: value => done(null, value), fail: error => done(error || new Error('null')),
                    };
                    const result = loaded.handler(request.event, context, done);
                    if (result && typeof result.then === 'function') result.then(resolve, reject);
                    else if (loaded.handler.length < 3) resolve(result);
                });
                const body = JSON.stringify(value === undefined ? null : value);
                process.stdout.write('', () => answer('payload', body));
            } catch (error) { faulty('error', error); }
        }
        process.on('uncaughtException', error => { process.stderr.write(JSON.stringify(failure(error)) + '\n', () => process.exit(129)); });
        process.on('unhandledRejection', error => { process.stderr.write(JSON.stringify(failure(error)) + '\n', () => process.exit(128)); });
        require('readline').createInterface({ input: fs.createReadStream(null, { fd: 3 }) })
            .on('line', line => { busy = busy.then(() => perform(line)); })
            .on('close', () => { try { process.kill(-process.pid, 'SIGKILL'); } finally { process.exit(0); } });
        """#
}
