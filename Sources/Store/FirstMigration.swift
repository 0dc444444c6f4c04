extension Schema {
    /// Schema 1. Times are milliseconds since 1970; JSON is text.
    static let firstMigration = """
        CREATE TABLE engine (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            process_id INTEGER NOT NULL,
            name TEXT NOT NULL,
            started_ms INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE definition (
            id INTEGER PRIMARY KEY,
            hash INTEGER NOT NULL,
            text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX definition_by_hash ON definition(hash);

        -- UNREGISTERED: never created through the API, known by its executions.
        -- DELETED: kept for the executions that remain.
        CREATE TABLE state_machine (
            id INTEGER PRIMARY KEY,
            arn TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            type TEXT NOT NULL CHECK (type IN ('STANDARD', 'EXPRESS')),
            status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'DELETING', 'DELETED', 'UNREGISTERED')),
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL CHECK (updated_ms >= created_ms),
            revision TEXT REFERENCES revision(id) DEFERRABLE INITIALLY DEFERRED,
            next_version INTEGER NOT NULL DEFAULT 1 CHECK (next_version >= 1),
            CHECK ((status IN ('ACTIVE', 'DELETING')) <= (revision IS NOT NULL))
        ) STRICT;
        CREATE INDEX state_machine_by_status ON state_machine(status, id);
        CREATE INDEX state_machine_by_revision ON state_machine(revision) WHERE revision IS NOT NULL;

        CREATE TABLE revision (
            id TEXT PRIMARY KEY NOT NULL,
            state_machine INTEGER NOT NULL REFERENCES state_machine(id) ON DELETE CASCADE,
            definition INTEGER NOT NULL REFERENCES definition(id),
            role_arn TEXT NOT NULL,
            logging TEXT, tracing TEXT, encryption TEXT,
            is_initial INTEGER NOT NULL CHECK (is_initial IN (0, 1)),
            created_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX revision_by_state_machine ON revision(state_machine);
        CREATE INDEX revision_by_definition ON revision(definition);

        CREATE TABLE state_machine_version (
            id INTEGER PRIMARY KEY,
            state_machine INTEGER NOT NULL REFERENCES state_machine(id) ON DELETE CASCADE,
            number INTEGER NOT NULL CHECK (number >= 1),
            revision TEXT NOT NULL REFERENCES revision(id),
            description TEXT,
            created_ms INTEGER NOT NULL,
            UNIQUE (state_machine, number)
        ) STRICT;
        CREATE INDEX state_machine_version_by_revision ON state_machine_version(revision);

        -- routing: [{"stateMachineVersionArn": …, "weight": …}]
        CREATE TABLE state_machine_alias (
            id INTEGER PRIMARY KEY,
            arn TEXT NOT NULL UNIQUE,
            state_machine INTEGER NOT NULL REFERENCES state_machine(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            description TEXT,
            routing TEXT NOT NULL CHECK (json_valid(routing)),
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            UNIQUE (state_machine, name)
        ) STRICT;

        CREATE TABLE tag (
            resource_arn TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (resource_arn, key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE execution (
            id INTEGER PRIMARY KEY,
            arn TEXT NOT NULL,
            arn_hash INTEGER NOT NULL,
            name TEXT NOT NULL,
            state_machine INTEGER NOT NULL REFERENCES state_machine(id),
            definition INTEGER NOT NULL REFERENCES definition(id),
            type TEXT NOT NULL CHECK (type IN ('STANDARD', 'EXPRESS')),
            status TEXT NOT NULL
                CHECK (status IN ('RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE')),
            start_ms INTEGER NOT NULL,
            stop_ms INTEGER,
            owner INTEGER REFERENCES engine(id) ON DELETE SET NULL,
            parked_until_ms INTEGER,
            redrive_count INTEGER NOT NULL DEFAULT 0 CHECK (redrive_count >= 0),
            redrive_ms INTEGER,
            version_arn TEXT,
            alias_arn TEXT,
            map_run INTEGER REFERENCES map_run(id) ON DELETE CASCADE,
            item_index INTEGER CHECK (item_index >= 0),
            parent INTEGER REFERENCES execution(id) ON DELETE SET NULL,
            time_scale REAL CHECK (time_scale > 0),
            is_unlimited INTEGER NOT NULL DEFAULT 0 CHECK (is_unlimited IN (0, 1)),
            error TEXT,
            cause TEXT,
            output TEXT,
            CHECK ((stop_ms IS NULL) = (status IN ('RUNNING', 'PENDING_REDRIVE'))),
            CHECK (status = 'RUNNING' OR (owner IS NULL AND parked_until_ms IS NULL)),
            CHECK (output IS NULL OR status = 'SUCCEEDED'),
            CHECK ((error IS NULL AND cause IS NULL) OR status IN ('FAILED', 'TIMED_OUT', 'ABORTED')),
            CHECK ((redrive_count > 0) = (redrive_ms IS NOT NULL)),
            CHECK ((map_run IS NULL) = (item_index IS NULL))
        ) STRICT;
        -- ARNs are long and often end at random; an index on them would dirty a page for each new execution.
        CREATE INDEX execution_by_arn ON execution(arn_hash);
        CREATE TRIGGER execution_arn_is_unique BEFORE INSERT ON execution
            WHEN EXISTS (SELECT 1 FROM execution WHERE arn_hash = NEW.arn_hash AND arn = NEW.arn)
            BEGIN SELECT RAISE(ABORT, 'an execution with this ARN exists'); END;
        CREATE TRIGGER execution_arn_is_final BEFORE UPDATE OF arn, arn_hash ON execution
            BEGIN SELECT RAISE(ABORT, 'the ARN of an execution does not change'); END;
        CREATE INDEX execution_by_state_machine ON execution(state_machine, id);
        -- Most executions succeed: the others are found by their status, those by the index above.
        CREATE INDEX execution_not_succeeded ON execution(status, state_machine, id) WHERE status <> 'SUCCEEDED';
        CREATE INDEX execution_by_owner ON execution(owner) WHERE owner IS NOT NULL;
        CREATE INDEX execution_parked ON execution(owner, parked_until_ms) WHERE parked_until_ms IS NOT NULL;
        CREATE INDEX execution_by_map_run ON execution(map_run, item_index) WHERE map_run IS NOT NULL;
        CREATE INDEX execution_of_map_run ON execution(map_run, id) WHERE map_run IS NOT NULL;
        CREATE INDEX execution_by_parent ON execution(parent) WHERE parent IS NOT NULL;
        CREATE TRIGGER execution_end_is_final BEFORE UPDATE OF status ON execution
            WHEN OLD.status NOT IN ('RUNNING', 'PENDING_REDRIVE') AND NEW.redrive_count <= OLD.redrive_count
            BEGIN SELECT RAISE(ABORT, 'an ended execution changes only by a redrive'); END;

        -- What an execution was started with; never changes, so it is apart from the row that does.
        CREATE TABLE execution_input (
            execution INTEGER PRIMARY KEY REFERENCES execution(id) ON DELETE CASCADE,
            input TEXT NOT NULL,
            trace_header TEXT,
            parameters TEXT
        ) STRICT;

        -- One row for what one commit appended to one execution: a JSON array of events, ids first_event to last_event
        -- (last_event is first_event - 1 where it holds only notes).
        CREATE TABLE history_segment (
            id INTEGER PRIMARY KEY,
            execution INTEGER NOT NULL REFERENCES execution(id) ON DELETE CASCADE,
            first_event INTEGER NOT NULL CHECK (first_event >= 1),
            last_event INTEGER NOT NULL CHECK (last_event >= first_event - 1),
            events TEXT NOT NULL
        ) STRICT;
        CREATE INDEX history_segment_by_event ON history_segment(execution, first_event);
        CREATE TRIGGER history_is_contiguous BEFORE INSERT ON history_segment
            WHEN NEW.first_event <> 1 + ifnull((SELECT last_event FROM history_segment WHERE execution = NEW.execution
                ORDER BY first_event DESC, id DESC LIMIT 1), 0)
            BEGIN SELECT RAISE(ABORT, 'the events of an execution are numbered without gaps'); END;
        CREATE TRIGGER history_is_append_only BEFORE UPDATE ON history_segment
            BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
        CREATE TRIGGER history_goes_with_its_execution BEFORE DELETE ON history_segment
            WHEN EXISTS (SELECT 1 FROM execution WHERE id = OLD.execution)
            BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
        -- An event is [kind, id, previousEventId, milliseconds, frame, …]; notes of the engine's have id 0.
        CREATE VIEW history_event AS
            SELECT segment.execution AS execution, execution.name AS execution_name,
                event.value ->> 1 AS id, event.value ->> 0 AS kind, event.value ->> 3 AS timestamp_ms,
                event.value ->> 2 AS previous_event_id, event.value AS event
            FROM history_segment AS segment
                JOIN execution ON execution.id = segment.execution, json_each(segment.events) AS event
            WHERE event.value ->> 1 > 0;

        -- Messages from any process to whichever engine owns the execution, or to one engine.
        CREATE TABLE mailbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            execution INTEGER REFERENCES execution(id) ON DELETE CASCADE,
            engine INTEGER REFERENCES engine(id) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            body TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            CHECK ((execution IS NULL) <> (engine IS NULL))
        ) STRICT;
        CREATE INDEX mailbox_by_execution ON mailbox(execution) WHERE execution IS NOT NULL;
        CREATE INDEX mailbox_by_engine ON mailbox(engine) WHERE engine IS NOT NULL;

        -- start_offset: bytes this attempt had printed before; the head of a long log is dropped.
        CREATE TABLE task_log (
            id INTEGER PRIMARY KEY,
            execution INTEGER NOT NULL REFERENCES execution(id) ON DELETE CASCADE,
            event INTEGER NOT NULL,
            sequence INTEGER NOT NULL CHECK (sequence >= 0),
            start_offset INTEGER NOT NULL CHECK (start_offset >= 0),
            bytes BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX task_log_by_attempt ON task_log(execution, event, sequence);

        CREATE TABLE activity (
            id INTEGER PRIMARY KEY,
            arn TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            encryption TEXT,
            created_ms INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE task_token (
            token TEXT PRIMARY KEY NOT NULL,
            execution INTEGER NOT NULL REFERENCES execution(id) ON DELETE CASCADE,
            event INTEGER NOT NULL,
            is_open INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX task_token_by_execution ON task_token(execution, event);

        -- A task offered to the workers of an activity; queued until it is taken (a worker need not give its name).
        CREATE TABLE activity_task (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            token TEXT NOT NULL UNIQUE REFERENCES task_token(token) ON DELETE CASCADE,
            activity_arn TEXT NOT NULL,
            execution INTEGER NOT NULL REFERENCES execution(id) ON DELETE CASCADE,
            event INTEGER NOT NULL,
            input TEXT NOT NULL,
            offered_ms INTEGER NOT NULL,
            timeout_ms INTEGER,
            heartbeat_seconds INTEGER,
            worker TEXT,
            taken_ms INTEGER,
            CHECK (worker IS NULL OR taken_ms IS NOT NULL)
        ) STRICT;
        CREATE INDEX activity_task_queued ON activity_task(activity_arn, id) WHERE taken_ms IS NULL;
        CREATE INDEX activity_task_by_execution ON activity_task(execution, event);

        CREATE TABLE map_run (
            id INTEGER PRIMARY KEY,
            arn TEXT NOT NULL UNIQUE,
            execution INTEGER NOT NULL REFERENCES execution(id) ON DELETE CASCADE,
            state_machine_arn TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('RUNNING', 'SUCCEEDED', 'FAILED', 'ABORTED')),
            max_concurrency INTEGER NOT NULL CHECK (max_concurrency >= 0),
            tolerated_failure_count INTEGER NOT NULL CHECK (tolerated_failure_count >= 0),
            tolerated_failure_percentage REAL NOT NULL CHECK (tolerated_failure_percentage BETWEEN 0 AND 100),
            item_counts TEXT NOT NULL,
            execution_counts TEXT NOT NULL,
            configuration TEXT,
            start_ms INTEGER NOT NULL,
            stop_ms INTEGER,
            redrive_count INTEGER NOT NULL DEFAULT 0 CHECK (redrive_count >= 0),
            redrive_ms INTEGER,
            CHECK ((stop_ms IS NULL) = (status = 'RUNNING'))
        ) STRICT;
        CREATE INDEX map_run_by_execution ON map_run(execution);

        CREATE TABLE step_cache (
            key TEXT PRIMARY KEY NOT NULL,
            scope TEXT NOT NULL,
            step TEXT NOT NULL,
            fields TEXT NOT NULL,
            result TEXT NOT NULL,
            execution_arn TEXT NOT NULL,
            created_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX step_cache_by_step ON step_cache(scope, step, created_ms);

        CREATE TABLE counter (
            name TEXT PRIMARY KEY NOT NULL,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- Small registries: one kind each, such as model packages.
        CREATE TABLE document (
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            json TEXT NOT NULL CHECK (json_valid(json)),
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            PRIMARY KEY (kind, key)
        ) STRICT, WITHOUT ROWID;

        -- Status changes that a sink has not taken yet.
        CREATE TABLE status_event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            event TEXT NOT NULL,
            created_ms INTEGER NOT NULL
        ) STRICT;
        """
}
