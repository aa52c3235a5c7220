CREATE TABLE alerts (
    id bigint NOT NULL,
    name character varying(40) NOT NULL,
    subject character varying(80) NOT NULL,
    detail text NOT NULL,
    raised_at text NOT NULL,
    gone_since text,
    cleared_at text,
    told integer NOT NULL,
    refused integer NOT NULL
);

CREATE SEQUENCE alerts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE alerts_id_seq OWNED BY alerts.id;

CREATE TABLE attachments (
    message_id character varying(40) NOT NULL,
    number integer NOT NULL,
    title text,
    file_name text NOT NULL,
    media_type character varying(80) NOT NULL,
    main boolean NOT NULL,
    signed boolean DEFAULT false NOT NULL,
    sha256 character varying(64) NOT NULL,
    size bigint NOT NULL
);

CREATE TABLE audit (
    id bigint NOT NULL,
    at text NOT NULL,
    who character varying(80) NOT NULL,
    what character varying(40) NOT NULL,
    subject character varying(120) NOT NULL,
    outcome character varying(40) NOT NULL,
    facts text NOT NULL,
    seq bigint,
    hash character varying(64)
);

CREATE SEQUENCE audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE audit_id_seq OWNED BY audit.id;

CREATE TABLE blobs (
    sha256 character varying(64) NOT NULL,
    size bigint NOT NULL,
    file text,
    stored_at text NOT NULL,
    content bytea,
    loose_since text
);

CREATE TABLE breakers (
    sender character varying(6) NOT NULL,
    failures integer NOT NULL,
    state character varying(8) NOT NULL,
    trips integer NOT NULL,
    until text,
    reason text NOT NULL,
    failed_at text NOT NULL,
    changed_at text NOT NULL
);

CREATE TABLE dead_letters (
    id bigint NOT NULL,
    queue character varying(40) NOT NULL,
    message_id character varying(80) NOT NULL,
    message text NOT NULL,
    attempt integer NOT NULL,
    reason text NOT NULL,
    buried_at text NOT NULL,
    sender character varying(6) DEFAULT ''::character varying NOT NULL,
    sha256 character varying(64),
    code character varying(40),
    answer_by text
);

CREATE SEQUENCE dead_letters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE dead_letters_id_seq OWNED BY dead_letters.id;

CREATE TABLE deliveries (
    ticket character varying(13) NOT NULL,
    goal character varying(4) NOT NULL,
    stem text NOT NULL,
    sha256 character varying(64) NOT NULL,
    signature_sha256 character varying(64) NOT NULL,
    placed_at text NOT NULL
);

CREATE TABLE events (
    id bigint NOT NULL,
    ticket character varying(13) NOT NULL,
    at text NOT NULL,
    what character varying(40) NOT NULL,
    facts text NOT NULL
);

CREATE SEQUENCE events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE events_id_seq OWNED BY events.id;

CREATE TABLE folder_files (
    id bigint NOT NULL,
    sender character varying(6) NOT NULL,
    folder character varying(10) NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    channel character varying(16),
    state character varying(8) NOT NULL,
    size bigint NOT NULL,
    sha256 character varying(64),
    digests text,
    file text,
    modified_at text NOT NULL,
    stored_at text NOT NULL,
    content bytea,
    copy character varying(80)
);

CREATE SEQUENCE folder_files_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE folder_files_id_seq OWNED BY folder_files.id;

CREATE TABLE forms (
    ticket character varying(13) NOT NULL,
    form_index integer NOT NULL,
    part integer NOT NULL,
    outcome character varying(16) NOT NULL,
    facts text NOT NULL,
    anomalies text NOT NULL
);

CREATE TABLE idempotency_keys (
    sender character varying(6) NOT NULL,
    key character varying(64) NOT NULL,
    content character varying(64) NOT NULL,
    ticket character varying(13) NOT NULL,
    used_at text NOT NULL
);

CREATE TABLE job_runs (
    job character varying(40) NOT NULL,
    run_key character varying(40) NOT NULL,
    state character varying(8) NOT NULL,
    holder text NOT NULL,
    attempts integer NOT NULL,
    failures integer NOT NULL,
    started_at text NOT NULL,
    finished_at text,
    detail text
);

CREATE TABLE leases (
    name character varying(40) NOT NULL,
    holder text NOT NULL,
    until text NOT NULL,
    takeovers bigint NOT NULL,
    previous text NOT NULL
);

CREATE TABLE login_scores (
    network character varying(45) NOT NULL,
    login character varying(64) NOT NULL,
    score double precision NOT NULL,
    scored_at text NOT NULL,
    banned_until text,
    fades_at text NOT NULL
);

CREATE TABLE mailbox_counts (
    mailbox integer NOT NULL,
    message_type character varying(40) NOT NULL,
    sender_organisation character varying(10) NOT NULL,
    sender_application character varying(40) NOT NULL,
    registered boolean NOT NULL,
    partition character varying(40) NOT NULL,
    is_read boolean NOT NULL,
    visible boolean NOT NULL,
    messages integer NOT NULL,
    size bigint NOT NULL
);

CREATE TABLE mailbox_event_numbers (
    id integer NOT NULL,
    last bigint NOT NULL
);

CREATE TABLE mailbox_events (
    id bigint NOT NULL,
    sequence bigint,
    at text NOT NULL,
    provider character varying(100) NOT NULL,
    event_key character varying(150) NOT NULL,
    type character varying(32) NOT NULL,
    ebox_id character varying(20) NOT NULL,
    data text NOT NULL
);

CREATE SEQUENCE mailbox_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE mailbox_events_id_seq OWNED BY mailbox_events.id;

CREATE TABLE mailbox_messages (
    mailbox integer NOT NULL,
    "position" integer NOT NULL,
    message_id character varying(40) NOT NULL,
    message_type character varying(40) NOT NULL,
    sender_organisation character varying(10) NOT NULL,
    sender_application character varying(40) NOT NULL,
    registered boolean NOT NULL,
    partition character varying(40) NOT NULL,
    received_at text NOT NULL,
    expires_at text NOT NULL,
    first_read_at text,
    visible boolean DEFAULT true NOT NULL,
    hold boolean DEFAULT false NOT NULL,
    reminded_at text,
    warned_days integer
);

CREATE TABLE mailbox_search (
    mailbox integer NOT NULL,
    "position" integer NOT NULL,
    search text NOT NULL
);

CREATE TABLE mailboxes (
    id integer NOT NULL,
    kind character varying(16) NOT NULL,
    ebox_id character varying(20) NOT NULL,
    created_at text NOT NULL,
    active_since text,
    last_consulted_at text,
    last_connected_at text,
    last_received_at text,
    last_position integer NOT NULL,
    exclusive boolean DEFAULT false NOT NULL,
    hold boolean DEFAULT false NOT NULL
);

CREATE SEQUENCE mailboxes_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE mailboxes_id_seq OWNED BY mailboxes.id;

CREATE TABLE message_providers (
    id character varying(100) NOT NULL,
    details text NOT NULL,
    changed_at text NOT NULL
);

CREATE TABLE messages (
    id character varying(40) NOT NULL,
    message_type character varying(40) NOT NULL,
    sender_organisation character varying(10) NOT NULL,
    sender_application character varying(40) NOT NULL,
    registered boolean NOT NULL,
    subject text NOT NULL,
    body text,
    body_main boolean DEFAULT false NOT NULL,
    payment text,
    business_data text NOT NULL,
    attention text,
    reply_allowed boolean DEFAULT false NOT NULL,
    original_id character varying(40),
    publisher character varying(6),
    ticket character varying(13),
    published_at text NOT NULL,
    size bigint NOT NULL
);

CREATE TABLE organisations (
    enterprise_number character varying(10) NOT NULL,
    names text NOT NULL,
    language character varying(2) NOT NULL,
    email text,
    nsso_number character varying(10),
    mailbox_type character varying(16) NOT NULL
);

CREATE TABLE outbox (
    id bigint NOT NULL,
    queue character varying(40) NOT NULL,
    message_id character varying(80) NOT NULL,
    message text NOT NULL,
    attempt integer NOT NULL,
    due_at text NOT NULL,
    leased_until text,
    sender character varying(6) DEFAULT ''::character varying NOT NULL,
    sha256 character varying(64),
    handed integer DEFAULT 0 NOT NULL
);

CREATE SEQUENCE outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE outbox_id_seq OWNED BY outbox.id;

CREATE TABLE processed (
    consumer character varying(40) NOT NULL,
    message_id character varying(80) NOT NULL,
    processed_at text NOT NULL
);

CREATE TABLE publication_keys (
    sender character varying(6) NOT NULL,
    application character varying(40) NOT NULL,
    key text NOT NULL,
    message_id character varying(40) NOT NULL,
    at text NOT NULL
);

CREATE TABLE qualities (
    enterprise_number character varying(10) NOT NULL,
    code character varying(40) NOT NULL
);

CREATE TABLE quarantine (
    sha256 character varying(64) NOT NULL,
    signature text NOT NULL,
    ticket character varying(13) NOT NULL,
    sender character varying(6) NOT NULL,
    found_at text NOT NULL
);

CREATE TABLE reply_numbers (
    day character varying(8) NOT NULL,
    goal character varying(4) NOT NULL,
    environment character varying(1) NOT NULL,
    last bigint NOT NULL
);

CREATE TABLE routing_rules (
    mailbox integer NOT NULL,
    priority integer NOT NULL,
    message_type character varying(40),
    sender_application character varying(40),
    sender_organisation character varying(10),
    partition character varying(40) NOT NULL
);

CREATE TABLE schema_versions (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at text NOT NULL
);

CREATE TABLE sender_certificates (
    sender character varying(6) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    pem text NOT NULL
);

CREATE TABLE sender_keys (
    sender character varying(6) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    public_key text NOT NULL
);

CREATE TABLE senders (
    number character varying(6) NOT NULL,
    login text NOT NULL,
    enterprise_number character varying(10) NOT NULL,
    quality character varying(40) NOT NULL,
    state character varying(16) NOT NULL,
    channels text NOT NULL,
    goals text NOT NULL,
    networks text NOT NULL,
    mandates text,
    password_hash text,
    scopes text
);

CREATE TABLE stems (
    sender character varying(6) NOT NULL,
    stem text NOT NULL,
    ticket character varying(13) NOT NULL
);

CREATE TABLE submission_files (
    ticket character varying(13) NOT NULL,
    name text NOT NULL,
    role character varying(2) NOT NULL,
    part integer NOT NULL,
    sha256 character varying(64) NOT NULL,
    size bigint NOT NULL,
    content_sha256 character varying(64)
);

CREATE TABLE submissions (
    ticket character varying(13) NOT NULL,
    sender character varying(6) NOT NULL,
    stem text NOT NULL,
    content_hash character varying(64) NOT NULL,
    goal character varying(16) NOT NULL,
    environment character varying(1) NOT NULL,
    channel character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    result_code integer,
    errors text NOT NULL,
    signature text,
    received_at text NOT NULL
);

CREATE TABLE suspects (
    queue character varying(40) NOT NULL,
    message_id character varying(80) NOT NULL,
    starts integer NOT NULL,
    started_at text NOT NULL
);

CREATE TABLE used_assertions (
    client character varying(64) NOT NULL,
    jti character varying(64) NOT NULL,
    expires_at text NOT NULL
);

ALTER TABLE ONLY alerts ALTER COLUMN id SET DEFAULT nextval('alerts_id_seq'::regclass);

ALTER TABLE ONLY audit ALTER COLUMN id SET DEFAULT nextval('audit_id_seq'::regclass);

ALTER TABLE ONLY dead_letters ALTER COLUMN id SET DEFAULT nextval('dead_letters_id_seq'::regclass);

ALTER TABLE ONLY events ALTER COLUMN id SET DEFAULT nextval('events_id_seq'::regclass);

ALTER TABLE ONLY folder_files ALTER COLUMN id SET DEFAULT nextval('folder_files_id_seq'::regclass);

ALTER TABLE ONLY mailbox_events ALTER COLUMN id SET DEFAULT nextval('mailbox_events_id_seq'::regclass);

ALTER TABLE ONLY mailboxes ALTER COLUMN id SET DEFAULT nextval('mailboxes_id_seq'::regclass);

ALTER TABLE ONLY outbox ALTER COLUMN id SET DEFAULT nextval('outbox_id_seq'::regclass);

ALTER TABLE ONLY alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY attachments
    ADD CONSTRAINT attachments_pkey PRIMARY KEY (message_id, number);

ALTER TABLE ONLY audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY audit
    ADD CONSTRAINT audit_seq_unique UNIQUE (seq);

ALTER TABLE ONLY blobs
    ADD CONSTRAINT blobs_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY breakers
    ADD CONSTRAINT breakers_pkey PRIMARY KEY (sender);

ALTER TABLE ONLY dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY dead_letters
    ADD CONSTRAINT dead_letters_queue_message_id_unique UNIQUE (queue, message_id);

ALTER TABLE ONLY deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (ticket, goal);

ALTER TABLE ONLY events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY folder_files
    ADD CONSTRAINT folder_files_pkey PRIMARY KEY (id);

ALTER TABLE ONLY folder_files
    ADD CONSTRAINT folder_files_sender_folder_name_unique UNIQUE (sender, folder, name);

ALTER TABLE ONLY forms
    ADD CONSTRAINT forms_pkey PRIMARY KEY (ticket, form_index);

ALTER TABLE ONLY idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (sender, key);

ALTER TABLE ONLY job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (job, run_key);

ALTER TABLE ONLY leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);

ALTER TABLE ONLY login_scores
    ADD CONSTRAINT login_scores_pkey PRIMARY KEY (network, login);

ALTER TABLE ONLY mailbox_counts
    ADD CONSTRAINT mailbox_counts_pkey PRIMARY KEY (mailbox, message_type, sender_organisation, sender_application, registered, partition, is_read, visible);

ALTER TABLE ONLY mailbox_event_numbers
    ADD CONSTRAINT mailbox_event_numbers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY mailbox_events
    ADD CONSTRAINT mailbox_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY mailbox_events
    ADD CONSTRAINT mailbox_events_provider_event_key_unique UNIQUE (provider, event_key);

ALTER TABLE ONLY mailbox_events
    ADD CONSTRAINT mailbox_events_sequence_unique UNIQUE (sequence);

ALTER TABLE ONLY mailbox_messages
    ADD CONSTRAINT mailbox_messages_message_id_mailbox_unique UNIQUE (message_id, mailbox);

ALTER TABLE ONLY mailbox_messages
    ADD CONSTRAINT mailbox_messages_pkey PRIMARY KEY (mailbox, "position");

ALTER TABLE ONLY mailbox_search
    ADD CONSTRAINT mailbox_search_pkey PRIMARY KEY (mailbox, "position");

ALTER TABLE ONLY mailboxes
    ADD CONSTRAINT mailboxes_kind_ebox_id_unique UNIQUE (kind, ebox_id);

ALTER TABLE ONLY mailboxes
    ADD CONSTRAINT mailboxes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY message_providers
    ADD CONSTRAINT message_providers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY organisations
    ADD CONSTRAINT organisations_nsso_number_unique UNIQUE (nsso_number);

ALTER TABLE ONLY organisations
    ADD CONSTRAINT organisations_pkey PRIMARY KEY (enterprise_number);

ALTER TABLE ONLY outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY outbox
    ADD CONSTRAINT outbox_queue_message_id_unique UNIQUE (queue, message_id);

ALTER TABLE ONLY processed
    ADD CONSTRAINT processed_pkey PRIMARY KEY (consumer, message_id);

ALTER TABLE ONLY publication_keys
    ADD CONSTRAINT publication_keys_pkey PRIMARY KEY (sender, application, key);

ALTER TABLE ONLY qualities
    ADD CONSTRAINT qualities_pkey PRIMARY KEY (enterprise_number, code);

ALTER TABLE ONLY quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY reply_numbers
    ADD CONSTRAINT reply_numbers_pkey PRIMARY KEY (day, goal, environment);

ALTER TABLE ONLY routing_rules
    ADD CONSTRAINT routing_rules_pkey PRIMARY KEY (mailbox, priority);

ALTER TABLE ONLY schema_versions
    ADD CONSTRAINT schema_versions_pkey PRIMARY KEY (number);

ALTER TABLE ONLY sender_certificates
    ADD CONSTRAINT sender_certificates_pkey PRIMARY KEY (sender, fingerprint);

ALTER TABLE ONLY sender_keys
    ADD CONSTRAINT sender_keys_pkey PRIMARY KEY (sender, fingerprint);

ALTER TABLE ONLY senders
    ADD CONSTRAINT senders_login_unique UNIQUE (login);

ALTER TABLE ONLY senders
    ADD CONSTRAINT senders_pkey PRIMARY KEY (number);

ALTER TABLE ONLY stems
    ADD CONSTRAINT stems_pkey PRIMARY KEY (sender, stem);

ALTER TABLE ONLY submission_files
    ADD CONSTRAINT submission_files_pkey PRIMARY KEY (ticket, name);

ALTER TABLE ONLY submissions
    ADD CONSTRAINT submissions_pkey PRIMARY KEY (ticket);

ALTER TABLE ONLY submissions
    ADD CONSTRAINT submissions_sender_stem_content_hash_unique UNIQUE (sender, stem, content_hash);

ALTER TABLE ONLY suspects
    ADD CONSTRAINT suspects_pkey PRIMARY KEY (queue, message_id);

ALTER TABLE ONLY used_assertions
    ADD CONSTRAINT used_assertions_pkey PRIMARY KEY (client, jti);

CREATE INDEX alerts_name_subject_id_index ON alerts USING btree (name, subject, id);

CREATE UNIQUE INDEX alerts_standing ON alerts USING btree (name, subject) WHERE (cleared_at IS NULL);

CREATE INDEX alerts_told_index ON alerts USING btree (told);

CREATE INDEX audit_at_index ON audit USING btree (at);

CREATE INDEX audit_unlinked ON audit USING btree (id) WHERE (seq IS NULL);

CREATE INDEX blobs_file ON blobs USING btree (file) WHERE (file IS NOT NULL);

CREATE INDEX blobs_loose ON blobs USING btree (loose_since) WHERE (loose_since IS NOT NULL);

CREATE INDEX dead_letters_answer_by_index ON dead_letters USING btree (answer_by);

CREATE INDEX events_ticket_id_index ON events USING btree (ticket, id);

CREATE INDEX folder_files_file ON folder_files USING btree (file) WHERE (file IS NOT NULL);

CREATE INDEX folder_files_uncopied ON folder_files USING btree (sender, folder, name) WHERE ((copy IS NULL) AND ((folder)::text = ANY ((ARRAY['OUT'::character varying, 'OUTTEST'::character varying, 'OUTTEST-S'::character varying])::text[])));

CREATE INDEX idempotency_keys_used_at_index ON idempotency_keys USING btree (used_at);

CREATE INDEX job_runs_started_at_index ON job_runs USING btree (started_at);

CREATE INDEX login_scores_banned ON login_scores USING btree (banned_until) WHERE (banned_until IS NOT NULL);

CREATE INDEX login_scores_fades_at_index ON login_scores USING btree (fades_at);

CREATE INDEX mailbox_events_unnumbered ON mailbox_events USING btree (id) WHERE (sequence IS NULL);

CREATE INDEX mailbox_messages_expires_at_mailbox_position_index ON mailbox_messages USING btree (expires_at, mailbox, "position");

CREATE INDEX mailbox_messages_hidden ON mailbox_messages USING btree (mailbox, "position") WHERE (NOT visible);

CREATE INDEX mailbox_messages_mailbox_message_type_position_index ON mailbox_messages USING btree (mailbox, message_type, "position");

CREATE INDEX mailbox_messages_mailbox_received_at_position_index ON mailbox_messages USING btree (mailbox, received_at, "position");

CREATE INDEX mailbox_messages_registered ON mailbox_messages USING btree (mailbox, "position") WHERE registered;

CREATE INDEX mailbox_messages_unread ON mailbox_messages USING btree (mailbox, "position") WHERE (first_read_at IS NULL);

CREATE INDEX mailbox_search_text ON mailbox_search USING gin (mailbox, search public.gin_trgm_ops);

CREATE INDEX mailboxes_ebox_id_index ON mailboxes USING btree (ebox_id);

CREATE INDEX messages_original_id_index ON messages USING btree (original_id);

CREATE INDEX outbox_in_hand ON outbox USING btree (queue, sender) WHERE (leased_until IS NOT NULL);

CREATE INDEX outbox_queue_due_at_id_index ON outbox USING btree (queue, due_at, id);

CREATE INDEX outbox_queue_sender_due_at_id_index ON outbox USING btree (queue, sender, due_at, id);

CREATE INDEX quarantine_found_at_index ON quarantine USING btree (found_at);

CREATE INDEX submissions_received_at_ticket_index ON submissions USING btree (received_at, ticket);

CREATE INDEX used_assertions_expires_at_index ON used_assertions USING btree (expires_at);

ALTER TABLE ONLY attachments
    ADD CONSTRAINT attachments_message_id_foreign FOREIGN KEY (message_id) REFERENCES messages(id);

ALTER TABLE ONLY deliveries
    ADD CONSTRAINT deliveries_ticket_foreign FOREIGN KEY (ticket) REFERENCES submissions(ticket);

ALTER TABLE ONLY events
    ADD CONSTRAINT events_ticket_foreign FOREIGN KEY (ticket) REFERENCES submissions(ticket);

ALTER TABLE ONLY forms
    ADD CONSTRAINT forms_ticket_foreign FOREIGN KEY (ticket) REFERENCES submissions(ticket);

ALTER TABLE ONLY mailbox_counts
    ADD CONSTRAINT mailbox_counts_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY mailbox_messages
    ADD CONSTRAINT mailbox_messages_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY mailbox_messages
    ADD CONSTRAINT mailbox_messages_message_id_foreign FOREIGN KEY (message_id) REFERENCES messages(id);

ALTER TABLE ONLY qualities
    ADD CONSTRAINT qualities_enterprise_number_foreign FOREIGN KEY (enterprise_number) REFERENCES organisations(enterprise_number);

ALTER TABLE ONLY routing_rules
    ADD CONSTRAINT routing_rules_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY sender_certificates
    ADD CONSTRAINT sender_certificates_sender_foreign FOREIGN KEY (sender) REFERENCES senders(number);

ALTER TABLE ONLY sender_keys
    ADD CONSTRAINT sender_keys_sender_foreign FOREIGN KEY (sender) REFERENCES senders(number);

ALTER TABLE ONLY senders
    ADD CONSTRAINT senders_enterprise_number_quality_foreign FOREIGN KEY (enterprise_number, quality) REFERENCES qualities(enterprise_number, code);

ALTER TABLE ONLY submission_files
    ADD CONSTRAINT submission_files_ticket_foreign FOREIGN KEY (ticket) REFERENCES submissions(ticket);
