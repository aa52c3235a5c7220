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

CREATE TABLE appointments (
    person character varying(26) NOT NULL,
    role character varying(16) NOT NULL,
    quality character varying(40) NOT NULL,
    enterprise_number character varying(10) NOT NULL,
    appointed_at text NOT NULL
);

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
)
WITH (autovacuum_vacuum_scale_factor='0.02');

CREATE TABLE audit (
    id bigint NOT NULL,
    at text NOT NULL,
    who character varying(80) NOT NULL,
    what character varying(40) NOT NULL,
    subject character varying(120) NOT NULL,
    outcome character varying(40) NOT NULL,
    facts text NOT NULL,
    seq bigint,
    hash character varying(64),
    organisation character varying(10),
    quality character varying(40)
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

CREATE TABLE certificate_warnings (
    sender character varying(6) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    days integer NOT NULL,
    warned_at text NOT NULL
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

CREATE TABLE deletion_records (
    number integer NOT NULL,
    id character varying(36) NOT NULL,
    at text NOT NULL,
    messages integer NOT NULL,
    content bytea NOT NULL,
    signature bytea NOT NULL
);

CREATE SEQUENCE deletion_records_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE deletion_records_number_seq OWNED BY deletion_records.number;

CREATE TABLE deliveries (
    ticket character varying(13) NOT NULL,
    goal character varying(4) NOT NULL,
    stem text NOT NULL,
    sha256 character varying(64) NOT NULL,
    signature_sha256 character varying(64) NOT NULL,
    placed_at text NOT NULL
);

CREATE TABLE document_deliveries (
    id character varying(80) NOT NULL,
    sender character varying(6) NOT NULL,
    stem text NOT NULL,
    sha256 character varying(64) NOT NULL,
    signature_sha256 character varying(64) NOT NULL,
    placed_at text NOT NULL
);

CREATE TABLE electronic_authorities (
    source character varying(40) NOT NULL,
    authority character varying(10) NOT NULL,
    from_day character varying(10) NOT NULL COLLATE pg_catalog."C",
    until_day character varying(10),
    from_at text DEFAULT ''::text NOT NULL
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

CREATE TABLE holds (
    id integer NOT NULL,
    message_id character varying(40),
    message_type character varying(40),
    mailbox integer,
    reason text NOT NULL,
    who character varying(80) NOT NULL,
    at text NOT NULL
);

CREATE SEQUENCE holds_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE holds_id_seq OWNED BY holds.id;

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

CREATE TABLE list_documents (
    list character varying(40) NOT NULL,
    period character varying(10) NOT NULL,
    authority character varying(10) NOT NULL,
    version integer NOT NULL,
    records integer NOT NULL,
    corrections integer NOT NULL,
    totals text NOT NULL,
    message_id character varying(40) NOT NULL,
    published_at text NOT NULL
);

CREATE TABLE list_files (
    list character varying(40) NOT NULL,
    period character varying(10) NOT NULL,
    authority character varying(10) NOT NULL,
    version integer NOT NULL,
    format character varying(8) NOT NULL,
    name text NOT NULL,
    sha256 character varying(64) NOT NULL,
    size bigint NOT NULL
);

CREATE TABLE list_reconciliations (
    id bigint NOT NULL,
    list character varying(40) NOT NULL,
    at text NOT NULL,
    balanced boolean NOT NULL,
    records bigint NOT NULL,
    listed bigint NOT NULL,
    differences text NOT NULL
);

CREATE SEQUENCE list_reconciliations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE list_reconciliations_id_seq OWNED BY list_reconciliations.id;

CREATE TABLE list_runs (
    list character varying(40) NOT NULL,
    period character varying(10) NOT NULL,
    sequence integer NOT NULL,
    slot text NOT NULL,
    from_day character varying(10) NOT NULL,
    until_day character varying(10) NOT NULL,
    after bigint NOT NULL,
    cutoff bigint NOT NULL,
    state character varying(8) NOT NULL,
    begun_at text NOT NULL,
    done_at text,
    chosen_by text
);

CREATE TABLE login_scores (
    network character varying(45) NOT NULL,
    login character varying(64) NOT NULL,
    score double precision NOT NULL,
    scored_at text NOT NULL,
    banned_until text,
    fades_at text NOT NULL
);

CREATE TABLE mail_addresses (
    id integer NOT NULL,
    mailbox integer NOT NULL,
    address character varying(254) NOT NULL,
    language character varying(2) NOT NULL,
    owner boolean NOT NULL,
    provisioned boolean DEFAULT false NOT NULL,
    confirmed_at text,
    token_hash character varying(64),
    token_until text,
    created_at text NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    failing_since text,
    last_failure text
);

CREATE SEQUENCE mail_addresses_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE mail_addresses_id_seq OWNED BY mail_addresses.id;

CREATE TABLE mail_addresses_taken_away (
    mailbox integer NOT NULL,
    address character varying(254) NOT NULL,
    at text NOT NULL
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
    warned_days integer,
    alerted_at text
)
WITH (autovacuum_vacuum_scale_factor='0.02');

CREATE TABLE mailbox_notices (
    id bigint NOT NULL,
    mailbox integer NOT NULL,
    message_id character varying(40) NOT NULL,
    kind character varying(16) NOT NULL,
    days integer DEFAULT 0 NOT NULL,
    at text NOT NULL
);

CREATE SEQUENCE mailbox_notices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE mailbox_notices_id_seq OWNED BY mailbox_notices.id;

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
    hold boolean DEFAULT false NOT NULL,
    summed_position integer
);

CREATE SEQUENCE mailboxes_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE mailboxes_id_seq OWNED BY mailboxes.id;

CREATE TABLE mails (
    id character varying(36) NOT NULL,
    mailbox integer NOT NULL,
    address character varying(254) NOT NULL,
    language character varying(2) NOT NULL,
    kind character varying(16) NOT NULL,
    subject_key character varying(80) NOT NULL,
    facts text NOT NULL,
    state character varying(8) NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at text NOT NULL,
    created_at text NOT NULL,
    settled_at text,
    answer text
);

CREATE TABLE mandates (
    id bigint NOT NULL,
    organisation character varying(10) NOT NULL,
    quality character varying(40) NOT NULL,
    sender character varying(6) NOT NULL,
    employer_kind character varying(10) NOT NULL,
    employer character varying(10) NOT NULL,
    begins character varying(10) NOT NULL,
    ends character varying(10) NOT NULL,
    goals text
);

CREATE SEQUENCE mandates_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE mandates_id_seq OWNED BY mandates.id;

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
    publisher character varying(26),
    ticket character varying(13),
    published_at text NOT NULL,
    size bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02');

CREATE TABLE notices (
    id bigint NOT NULL,
    at text NOT NULL,
    kind character varying(40) NOT NULL,
    organisation character varying(10) NOT NULL,
    address text,
    subject text NOT NULL,
    facts text NOT NULL,
    told_at text,
    refused integer NOT NULL
);

CREATE SEQUENCE notices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE notices_id_seq OWNED BY notices.id;

CREATE TABLE oidc_requests (
    state character varying(64) NOT NULL,
    browser character varying(64) NOT NULL,
    provider character varying(40) NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    enterprise_number character varying(10),
    expires_at text NOT NULL
);

CREATE TABLE organisations (
    enterprise_number character varying(10) NOT NULL,
    names text NOT NULL,
    language character varying(2) NOT NULL,
    email text,
    nsso_number character varying(10),
    mailbox_type character varying(16) NOT NULL,
    access character varying(8) DEFAULT 'open'::character varying NOT NULL,
    activated_at text,
    password_sign_in boolean DEFAULT true NOT NULL,
    user_reading character varying(16) DEFAULT 'per-service'::character varying NOT NULL
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

CREATE TABLE people (
    id character varying(26) NOT NULL,
    enterprise_number character varying(10) NOT NULL,
    user_name character varying(64) NOT NULL,
    inss character varying(11),
    given_name text NOT NULL,
    family_name text NOT NULL,
    email text,
    state character varying(8) NOT NULL,
    password_hash text,
    password_kind character varying(12),
    password_set_at text,
    totp_secret text,
    totp_confirmed boolean NOT NULL,
    totp_step bigint,
    created_at text NOT NULL
);

CREATE TABLE processed (
    consumer character varying(40) NOT NULL,
    message_id character varying(80) NOT NULL,
    processed_at text NOT NULL
);

CREATE TABLE publication_keys (
    sender character varying(26) NOT NULL,
    application character varying(40) NOT NULL,
    key text NOT NULL,
    message_id character varying(40) NOT NULL,
    at text NOT NULL
);

CREATE TABLE qualities (
    enterprise_number character varying(10) NOT NULL,
    code character varying(40) NOT NULL,
    state character varying(8) DEFAULT 'active'::character varying NOT NULL,
    is_default boolean DEFAULT false NOT NULL
);

CREATE TABLE quarantine (
    sha256 character varying(64) NOT NULL,
    signature text NOT NULL,
    ticket character varying(13) NOT NULL,
    sender character varying(6) NOT NULL,
    found_at text NOT NULL
);

CREATE TABLE record_answers (
    id bigint NOT NULL,
    record_id bigint NOT NULL,
    code character varying(20) NOT NULL,
    remark text NOT NULL,
    outcome character varying(16) NOT NULL,
    at text NOT NULL,
    ticket character varying(13) NOT NULL,
    form_index integer NOT NULL,
    line integer NOT NULL
);

CREATE SEQUENCE record_answers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE record_answers_id_seq OWNED BY record_answers.id;

CREATE TABLE records (
    id bigint NOT NULL,
    source character varying(40) NOT NULL,
    authority character varying(10) NOT NULL COLLATE pg_catalog."C",
    kind character varying(20) NOT NULL,
    day character varying(10) NOT NULL COLLATE pg_catalog."C",
    "position" character varying(80) NOT NULL COLLATE pg_catalog."C",
    fields text NOT NULL,
    arrived_at text NOT NULL,
    closed_at text,
    ticket character varying(13) NOT NULL,
    form_index integer NOT NULL,
    line integer NOT NULL,
    reference character varying(40),
    alone integer DEFAULT 0 NOT NULL
);

CREATE SEQUENCE records_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE records_id_seq OWNED BY records.id;

CREATE TABLE registered_mail (
    message_id character varying(40) NOT NULL,
    mailbox integer NOT NULL,
    dispatched_at text NOT NULL,
    proof_sha256 character varying(64) NOT NULL,
    proof_signature_sha256 character varying(64) NOT NULL,
    read_at text,
    receipt_sha256 character varying(64),
    receipt_signature_sha256 character varying(64),
    publisher character varying(26),
    message_type character varying(40) DEFAULT ''::character varying NOT NULL,
    partition character varying(40) DEFAULT ''::character varying NOT NULL
);

CREATE TABLE removed_messages (
    message_id character varying(40) NOT NULL,
    mailbox integer NOT NULL,
    record integer NOT NULL
);

CREATE TABLE reply_numbers (
    day character varying(8) NOT NULL,
    goal character varying(4) NOT NULL,
    environment character varying(1) NOT NULL,
    last bigint NOT NULL
);

CREATE TABLE rights (
    person character varying(26) NOT NULL,
    kind character varying(8) NOT NULL,
    code character varying(40) NOT NULL
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
    pem text NOT NULL,
    since character varying(24),
    until character varying(24)
);

CREATE TABLE sender_keys (
    sender character varying(6) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    public_key text NOT NULL
);

CREATE TABLE sender_numbers (
    id integer NOT NULL,
    last integer NOT NULL
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
    password_hash text,
    access character varying(8) DEFAULT 'open'::character varying NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    mandated boolean,
    scopes text
);

CREATE TABLE sessions (
    token character varying(64) NOT NULL,
    person character varying(26) NOT NULL,
    means character varying(8) NOT NULL,
    created_at text NOT NULL,
    expires_at text NOT NULL
);

CREATE TABLE stems (
    sender character varying(6) NOT NULL,
    stem text NOT NULL,
    ticket character varying(13) NOT NULL
);

CREATE TABLE structured_messages (
    enterprise_number character varying(10) NOT NULL,
    quality character varying(40) NOT NULL,
    saved_at text NOT NULL,
    sender character varying(6),
    contact text
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

CREATE TABLE tasks (
    mailbox integer NOT NULL,
    message_id character varying(40) NOT NULL,
    due_at text NOT NULL,
    state character varying(8) NOT NULL,
    done_at text,
    done_by character varying(80),
    reminded_days integer
);

CREATE TABLE used_assertions (
    client character varying(64) NOT NULL,
    jti character varying(64) NOT NULL,
    expires_at text NOT NULL
);

CREATE TABLE webhook_letters (
    id integer NOT NULL,
    webhook character varying(36) NOT NULL,
    sequence bigint NOT NULL,
    at text NOT NULL,
    answer text NOT NULL,
    replay_at text
);

CREATE SEQUENCE webhook_letters_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE webhook_letters_id_seq OWNED BY webhook_letters.id;

CREATE TABLE webhooks (
    id character varying(36) NOT NULL,
    organisation character varying(20) NOT NULL,
    url character varying(2000) NOT NULL,
    types character varying(200) NOT NULL,
    secret character varying(80) NOT NULL,
    created_by character varying(80) NOT NULL,
    created_at text NOT NULL,
    last_sequence bigint NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    failing_since text,
    due_at text NOT NULL,
    answer text
);

ALTER TABLE ONLY alerts ALTER COLUMN id SET DEFAULT nextval('alerts_id_seq'::regclass);

ALTER TABLE ONLY audit ALTER COLUMN id SET DEFAULT nextval('audit_id_seq'::regclass);

ALTER TABLE ONLY dead_letters ALTER COLUMN id SET DEFAULT nextval('dead_letters_id_seq'::regclass);

ALTER TABLE ONLY deletion_records ALTER COLUMN number SET DEFAULT nextval('deletion_records_number_seq'::regclass);

ALTER TABLE ONLY events ALTER COLUMN id SET DEFAULT nextval('events_id_seq'::regclass);

ALTER TABLE ONLY folder_files ALTER COLUMN id SET DEFAULT nextval('folder_files_id_seq'::regclass);

ALTER TABLE ONLY holds ALTER COLUMN id SET DEFAULT nextval('holds_id_seq'::regclass);

ALTER TABLE ONLY list_reconciliations ALTER COLUMN id SET DEFAULT nextval('list_reconciliations_id_seq'::regclass);

ALTER TABLE ONLY mail_addresses ALTER COLUMN id SET DEFAULT nextval('mail_addresses_id_seq'::regclass);

ALTER TABLE ONLY mailbox_events ALTER COLUMN id SET DEFAULT nextval('mailbox_events_id_seq'::regclass);

ALTER TABLE ONLY mailbox_notices ALTER COLUMN id SET DEFAULT nextval('mailbox_notices_id_seq'::regclass);

ALTER TABLE ONLY mailboxes ALTER COLUMN id SET DEFAULT nextval('mailboxes_id_seq'::regclass);

ALTER TABLE ONLY mandates ALTER COLUMN id SET DEFAULT nextval('mandates_id_seq'::regclass);

ALTER TABLE ONLY notices ALTER COLUMN id SET DEFAULT nextval('notices_id_seq'::regclass);

ALTER TABLE ONLY outbox ALTER COLUMN id SET DEFAULT nextval('outbox_id_seq'::regclass);

ALTER TABLE ONLY record_answers ALTER COLUMN id SET DEFAULT nextval('record_answers_id_seq'::regclass);

ALTER TABLE ONLY records ALTER COLUMN id SET DEFAULT nextval('records_id_seq'::regclass);

ALTER TABLE ONLY webhook_letters ALTER COLUMN id SET DEFAULT nextval('webhook_letters_id_seq'::regclass);

ALTER TABLE ONLY alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY appointments
    ADD CONSTRAINT appointments_pkey PRIMARY KEY (person, role, quality);

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

ALTER TABLE ONLY certificate_warnings
    ADD CONSTRAINT certificate_warnings_pkey PRIMARY KEY (sender, fingerprint, days);

ALTER TABLE ONLY dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY dead_letters
    ADD CONSTRAINT dead_letters_queue_message_id_unique UNIQUE (queue, message_id);

ALTER TABLE ONLY deletion_records
    ADD CONSTRAINT deletion_records_id_unique UNIQUE (id);

ALTER TABLE ONLY deletion_records
    ADD CONSTRAINT deletion_records_pkey PRIMARY KEY (number);

ALTER TABLE ONLY deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (ticket, goal);

ALTER TABLE ONLY document_deliveries
    ADD CONSTRAINT document_deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY electronic_authorities
    ADD CONSTRAINT electronic_authorities_pkey PRIMARY KEY (source, authority, from_day);

ALTER TABLE ONLY events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY folder_files
    ADD CONSTRAINT folder_files_pkey PRIMARY KEY (id);

ALTER TABLE ONLY folder_files
    ADD CONSTRAINT folder_files_sender_folder_name_unique UNIQUE (sender, folder, name);

ALTER TABLE ONLY forms
    ADD CONSTRAINT forms_pkey PRIMARY KEY (ticket, form_index);

ALTER TABLE ONLY holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (sender, key);

ALTER TABLE ONLY job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (job, run_key);

ALTER TABLE ONLY leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);

ALTER TABLE ONLY list_documents
    ADD CONSTRAINT list_documents_pkey PRIMARY KEY (list, period, authority, version);

ALTER TABLE ONLY list_files
    ADD CONSTRAINT list_files_pkey PRIMARY KEY (list, period, authority, version, format);

ALTER TABLE ONLY list_reconciliations
    ADD CONSTRAINT list_reconciliations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY list_runs
    ADD CONSTRAINT list_runs_list_sequence_unique UNIQUE (list, sequence);

ALTER TABLE ONLY list_runs
    ADD CONSTRAINT list_runs_pkey PRIMARY KEY (list, period);

ALTER TABLE ONLY login_scores
    ADD CONSTRAINT login_scores_pkey PRIMARY KEY (network, login);

ALTER TABLE ONLY mail_addresses
    ADD CONSTRAINT mail_addresses_mailbox_address_unique UNIQUE (mailbox, address);

ALTER TABLE ONLY mail_addresses
    ADD CONSTRAINT mail_addresses_pkey PRIMARY KEY (id);

ALTER TABLE ONLY mail_addresses_taken_away
    ADD CONSTRAINT mail_addresses_taken_away_pkey PRIMARY KEY (mailbox, address);

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

ALTER TABLE ONLY mailbox_notices
    ADD CONSTRAINT mailbox_notices_mailbox_message_id_kind_days_unique UNIQUE (mailbox, message_id, kind, days);

ALTER TABLE ONLY mailbox_notices
    ADD CONSTRAINT mailbox_notices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY mailbox_search
    ADD CONSTRAINT mailbox_search_pkey PRIMARY KEY (mailbox, "position");

ALTER TABLE ONLY mailboxes
    ADD CONSTRAINT mailboxes_kind_ebox_id_unique UNIQUE (kind, ebox_id);

ALTER TABLE ONLY mailboxes
    ADD CONSTRAINT mailboxes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY mails
    ADD CONSTRAINT mails_mailbox_address_kind_subject_key_unique UNIQUE (mailbox, address, kind, subject_key);

ALTER TABLE ONLY mails
    ADD CONSTRAINT mails_pkey PRIMARY KEY (id);

ALTER TABLE ONLY mandates
    ADD CONSTRAINT mandates_organisation_quality_employer_employer_kind_begins_sen UNIQUE (organisation, quality, employer, employer_kind, begins, sender);

ALTER TABLE ONLY mandates
    ADD CONSTRAINT mandates_pkey PRIMARY KEY (id);

ALTER TABLE ONLY message_providers
    ADD CONSTRAINT message_providers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY oidc_requests
    ADD CONSTRAINT oidc_requests_pkey PRIMARY KEY (state);

ALTER TABLE ONLY organisations
    ADD CONSTRAINT organisations_nsso_number_unique UNIQUE (nsso_number);

ALTER TABLE ONLY organisations
    ADD CONSTRAINT organisations_pkey PRIMARY KEY (enterprise_number);

ALTER TABLE ONLY outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY outbox
    ADD CONSTRAINT outbox_queue_message_id_unique UNIQUE (queue, message_id);

ALTER TABLE ONLY people
    ADD CONSTRAINT people_enterprise_number_inss_unique UNIQUE (enterprise_number, inss);

ALTER TABLE ONLY people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);

ALTER TABLE ONLY people
    ADD CONSTRAINT people_user_name_unique UNIQUE (user_name);

ALTER TABLE ONLY processed
    ADD CONSTRAINT processed_pkey PRIMARY KEY (consumer, message_id);

ALTER TABLE ONLY publication_keys
    ADD CONSTRAINT publication_keys_pkey PRIMARY KEY (sender, application, key);

ALTER TABLE ONLY qualities
    ADD CONSTRAINT qualities_pkey PRIMARY KEY (enterprise_number, code);

ALTER TABLE ONLY quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY record_answers
    ADD CONSTRAINT record_answers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY record_answers
    ADD CONSTRAINT record_answers_ticket_form_index_line_unique UNIQUE (ticket, form_index, line);

ALTER TABLE ONLY records
    ADD CONSTRAINT records_pkey PRIMARY KEY (id);

ALTER TABLE ONLY records
    ADD CONSTRAINT records_ticket_form_index_line_source_unique UNIQUE (ticket, form_index, line, source);

ALTER TABLE ONLY registered_mail
    ADD CONSTRAINT registered_mail_pkey PRIMARY KEY (message_id, mailbox);

ALTER TABLE ONLY removed_messages
    ADD CONSTRAINT removed_messages_pkey PRIMARY KEY (message_id, mailbox);

ALTER TABLE ONLY reply_numbers
    ADD CONSTRAINT reply_numbers_pkey PRIMARY KEY (day, goal, environment);

ALTER TABLE ONLY rights
    ADD CONSTRAINT rights_pkey PRIMARY KEY (person, kind, code);

ALTER TABLE ONLY routing_rules
    ADD CONSTRAINT routing_rules_pkey PRIMARY KEY (mailbox, priority);

ALTER TABLE ONLY schema_versions
    ADD CONSTRAINT schema_versions_pkey PRIMARY KEY (number);

ALTER TABLE ONLY sender_certificates
    ADD CONSTRAINT sender_certificates_pkey PRIMARY KEY (sender, fingerprint);

ALTER TABLE ONLY sender_keys
    ADD CONSTRAINT sender_keys_pkey PRIMARY KEY (sender, fingerprint);

ALTER TABLE ONLY sender_numbers
    ADD CONSTRAINT sender_numbers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY senders
    ADD CONSTRAINT senders_login_unique UNIQUE (login);

ALTER TABLE ONLY senders
    ADD CONSTRAINT senders_pkey PRIMARY KEY (number);

ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token);

ALTER TABLE ONLY stems
    ADD CONSTRAINT stems_pkey PRIMARY KEY (sender, stem);

ALTER TABLE ONLY structured_messages
    ADD CONSTRAINT structured_messages_pkey PRIMARY KEY (enterprise_number, quality);

ALTER TABLE ONLY submission_files
    ADD CONSTRAINT submission_files_pkey PRIMARY KEY (ticket, name);

ALTER TABLE ONLY submissions
    ADD CONSTRAINT submissions_pkey PRIMARY KEY (ticket);

ALTER TABLE ONLY submissions
    ADD CONSTRAINT submissions_sender_stem_content_hash_unique UNIQUE (sender, stem, content_hash);

ALTER TABLE ONLY suspects
    ADD CONSTRAINT suspects_pkey PRIMARY KEY (queue, message_id);

ALTER TABLE ONLY tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (mailbox, message_id);

ALTER TABLE ONLY used_assertions
    ADD CONSTRAINT used_assertions_pkey PRIMARY KEY (client, jti);

ALTER TABLE ONLY webhook_letters
    ADD CONSTRAINT webhook_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY webhook_letters
    ADD CONSTRAINT webhook_letters_webhook_sequence_unique UNIQUE (webhook, sequence);

ALTER TABLE ONLY webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (id);

CREATE INDEX alerts_name_subject_id_index ON alerts USING btree (name, subject, id);

CREATE UNIQUE INDEX alerts_standing ON alerts USING btree (name, subject) WHERE (cleared_at IS NULL);

CREATE INDEX alerts_told_index ON alerts USING btree (told);

CREATE INDEX appointments_enterprise_number_quality_role_index ON appointments USING btree (enterprise_number, quality, role);

CREATE UNIQUE INDEX appointments_one ON appointments USING btree (enterprise_number, quality, role) WHERE ((role)::text = ANY ((ARRAY['co-main-manager'::character varying, 'access-manager'::character varying, 'co-manager'::character varying])::text[]));

CREATE INDEX audit_at_index ON audit USING btree (at);

CREATE INDEX audit_organisation ON audit USING btree (organisation, id) WHERE (organisation IS NOT NULL);

CREATE INDEX audit_unlinked ON audit USING btree (id) WHERE (seq IS NULL);

CREATE INDEX blobs_file ON blobs USING btree (file) WHERE (file IS NOT NULL);

CREATE INDEX blobs_loose ON blobs USING btree (loose_since) WHERE (loose_since IS NOT NULL);

CREATE INDEX dead_letters_answer_by_index ON dead_letters USING btree (answer_by);

CREATE INDEX events_ticket_id_index ON events USING btree (ticket, id);

CREATE INDEX folder_files_file ON folder_files USING btree (file) WHERE (file IS NOT NULL);

CREATE INDEX folder_files_uncopied ON folder_files USING btree (sender, folder, name) WHERE ((copy IS NULL) AND ((folder)::text = ANY ((ARRAY['OUT'::character varying, 'OUTTEST'::character varying, 'OUTTEST-S'::character varying])::text[])));

CREATE INDEX holds_message_id_index ON holds USING btree (message_id);

CREATE INDEX idempotency_keys_used_at_index ON idempotency_keys USING btree (used_at);

CREATE INDEX job_runs_started_at_index ON job_runs USING btree (started_at);

CREATE INDEX list_files_sha256_index ON list_files USING btree (sha256);

CREATE INDEX list_reconciliations_list_id_index ON list_reconciliations USING btree (list, id);

CREATE INDEX login_scores_banned ON login_scores USING btree (banned_until) WHERE (banned_until IS NOT NULL);

CREATE INDEX login_scores_fades_at_index ON login_scores USING btree (fades_at);

CREATE INDEX mail_addresses_failing_since_index ON mail_addresses USING btree (failing_since);

CREATE INDEX mailbox_events_of ON mailbox_events USING btree (ebox_id, sequence);

CREATE INDEX mailbox_events_unnumbered ON mailbox_events USING btree (id) WHERE (sequence IS NULL);

CREATE INDEX mailbox_messages_expires_at_mailbox_position_index ON mailbox_messages USING btree (expires_at, mailbox, "position");

CREATE INDEX mailbox_messages_hidden ON mailbox_messages USING btree (mailbox, "position") WHERE (NOT visible);

CREATE INDEX mailbox_messages_mailbox_message_type_position_index ON mailbox_messages USING btree (mailbox, message_type, "position");

CREATE INDEX mailbox_messages_mailbox_received_at_position_index ON mailbox_messages USING btree (mailbox, received_at, "position");

CREATE INDEX mailbox_messages_registered ON mailbox_messages USING btree (mailbox, "position") WHERE registered;

CREATE INDEX mailbox_messages_unread ON mailbox_messages USING btree (mailbox, "position") WHERE (first_read_at IS NULL);

CREATE INDEX mailbox_messages_unreminded ON mailbox_messages USING btree (received_at, mailbox, "position") WHERE ((first_read_at IS NULL) AND (reminded_at IS NULL));

CREATE INDEX mailbox_search_text ON mailbox_search USING gin (mailbox, search public.gin_trgm_ops);

CREATE INDEX mailboxes_ebox_id_index ON mailboxes USING btree (ebox_id);

CREATE INDEX mails_state_due_at_index ON mails USING btree (state, due_at);

CREATE INDEX mandates_sender_index ON mandates USING btree (sender);

CREATE INDEX messages_original_id_index ON messages USING btree (original_id);

CREATE INDEX notices_told_at_id_index ON notices USING btree (told_at, id);

CREATE INDEX oidc_requests_expires_at_index ON oidc_requests USING btree (expires_at);

CREATE INDEX outbox_in_hand ON outbox USING btree (queue, sender) WHERE (leased_until IS NOT NULL);

CREATE INDEX outbox_queue_due_at_id_index ON outbox USING btree (queue, due_at, id);

CREATE INDEX outbox_queue_sender_due_at_id_index ON outbox USING btree (queue, sender, due_at, id);

CREATE INDEX people_enterprise_number_id_index ON people USING btree (enterprise_number, id);

CREATE INDEX people_inss_index ON people USING btree (inss);

CREATE INDEX quarantine_found_at_index ON quarantine USING btree (found_at);

CREATE INDEX record_answers_record_id_id_index ON record_answers USING btree (record_id, id);

CREATE INDEX records_open ON records USING btree (source, authority, id) WHERE (closed_at IS NULL);

CREATE UNIQUE INDEX records_reference ON records USING btree (source, reference) WHERE (reference IS NOT NULL);

CREATE INDEX records_source_authority_day_index ON records USING btree (source, authority, day);

CREATE INDEX records_source_authority_id_index ON records USING btree (source, authority, id);

CREATE INDEX records_source_day_authority_index ON records USING btree (source, day, authority);

CREATE INDEX sender_certificates_fingerprint_index ON sender_certificates USING btree (fingerprint);

CREATE INDEX sessions_expires_at_index ON sessions USING btree (expires_at);

CREATE INDEX sessions_person_index ON sessions USING btree (person);

CREATE INDEX submissions_received_at_ticket_index ON submissions USING btree (received_at, ticket);

CREATE INDEX tasks_mailbox_due_at_message_id_index ON tasks USING btree (mailbox, due_at, message_id);

CREATE INDEX tasks_state_due_at_mailbox_message_id_index ON tasks USING btree (state, due_at, mailbox, message_id);

CREATE INDEX used_assertions_expires_at_index ON used_assertions USING btree (expires_at);

CREATE INDEX webhook_letters_wanted ON webhook_letters USING btree (replay_at) WHERE (replay_at IS NOT NULL);

CREATE INDEX webhooks_due_at_index ON webhooks USING btree (due_at);

CREATE INDEX webhooks_organisation_index ON webhooks USING btree (organisation);

ALTER TABLE ONLY appointments
    ADD CONSTRAINT appointments_person_foreign FOREIGN KEY (person) REFERENCES people(id);

ALTER TABLE ONLY attachments
    ADD CONSTRAINT attachments_message_id_foreign FOREIGN KEY (message_id) REFERENCES messages(id);

ALTER TABLE ONLY deliveries
    ADD CONSTRAINT deliveries_ticket_foreign FOREIGN KEY (ticket) REFERENCES submissions(ticket);

ALTER TABLE ONLY events
    ADD CONSTRAINT events_ticket_foreign FOREIGN KEY (ticket) REFERENCES submissions(ticket);

ALTER TABLE ONLY forms
    ADD CONSTRAINT forms_ticket_foreign FOREIGN KEY (ticket) REFERENCES submissions(ticket);

ALTER TABLE ONLY holds
    ADD CONSTRAINT holds_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY list_documents
    ADD CONSTRAINT list_documents_list_period_foreign FOREIGN KEY (list, period) REFERENCES list_runs(list, period);

ALTER TABLE ONLY list_files
    ADD CONSTRAINT list_files_list_period_authority_version_foreign FOREIGN KEY (list, period, authority, version) REFERENCES list_documents(list, period, authority, version);

ALTER TABLE ONLY mail_addresses
    ADD CONSTRAINT mail_addresses_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY mail_addresses_taken_away
    ADD CONSTRAINT mail_addresses_taken_away_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY mailbox_counts
    ADD CONSTRAINT mailbox_counts_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY mailbox_messages
    ADD CONSTRAINT mailbox_messages_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY mailbox_messages
    ADD CONSTRAINT mailbox_messages_message_id_foreign FOREIGN KEY (message_id) REFERENCES messages(id);

ALTER TABLE ONLY mandates
    ADD CONSTRAINT mandates_organisation_foreign FOREIGN KEY (organisation) REFERENCES organisations(enterprise_number);

ALTER TABLE ONLY people
    ADD CONSTRAINT people_enterprise_number_foreign FOREIGN KEY (enterprise_number) REFERENCES organisations(enterprise_number);

ALTER TABLE ONLY qualities
    ADD CONSTRAINT qualities_enterprise_number_foreign FOREIGN KEY (enterprise_number) REFERENCES organisations(enterprise_number);

ALTER TABLE ONLY record_answers
    ADD CONSTRAINT record_answers_record_id_foreign FOREIGN KEY (record_id) REFERENCES records(id);

ALTER TABLE ONLY removed_messages
    ADD CONSTRAINT removed_messages_record_foreign FOREIGN KEY (record) REFERENCES deletion_records(number);

ALTER TABLE ONLY rights
    ADD CONSTRAINT rights_person_foreign FOREIGN KEY (person) REFERENCES people(id);

ALTER TABLE ONLY routing_rules
    ADD CONSTRAINT routing_rules_mailbox_foreign FOREIGN KEY (mailbox) REFERENCES mailboxes(id);

ALTER TABLE ONLY sender_certificates
    ADD CONSTRAINT sender_certificates_sender_foreign FOREIGN KEY (sender) REFERENCES senders(number);

ALTER TABLE ONLY sender_keys
    ADD CONSTRAINT sender_keys_sender_foreign FOREIGN KEY (sender) REFERENCES senders(number);

ALTER TABLE ONLY senders
    ADD CONSTRAINT senders_enterprise_number_quality_foreign FOREIGN KEY (enterprise_number, quality) REFERENCES qualities(enterprise_number, code);

ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_person_foreign FOREIGN KEY (person) REFERENCES people(id);

ALTER TABLE ONLY structured_messages
    ADD CONSTRAINT structured_messages_enterprise_number_quality_foreign FOREIGN KEY (enterprise_number, quality) REFERENCES qualities(enterprise_number, code);

ALTER TABLE ONLY submission_files
    ADD CONSTRAINT submission_files_ticket_foreign FOREIGN KEY (ticket) REFERENCES submissions(ticket);

ALTER TABLE ONLY tasks
    ADD CONSTRAINT tasks_message_id_mailbox_foreign FOREIGN KEY (message_id, mailbox) REFERENCES mailbox_messages(message_id, mailbox) ON DELETE CASCADE;

ALTER TABLE ONLY webhook_letters
    ADD CONSTRAINT webhook_letters_webhook_foreign FOREIGN KEY (webhook) REFERENCES webhooks(id) ON DELETE CASCADE;
