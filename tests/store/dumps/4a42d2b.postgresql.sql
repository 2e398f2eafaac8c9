CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.budgets (
    id bigint NOT NULL,
    platform text NOT NULL,
    workspace text NOT NULL,
    scope text NOT NULL,
    subject text NOT NULL,
    span text NOT NULL,
    unit text NOT NULL,
    amount bigint,
    author_id text NOT NULL,
    author_name text NOT NULL,
    note text NOT NULL,
    created_at double precision NOT NULL
);
CREATE SEQUENCE public.budgets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.budgets_id_seq OWNED BY public.budgets.id;
CREATE TABLE public.calls (
    id bigint NOT NULL,
    turn_id bigint,
    platform text NOT NULL,
    workspace text NOT NULL,
    channel text NOT NULL,
    root text NOT NULL,
    author_id text NOT NULL,
    at double precision NOT NULL,
    day text NOT NULL,
    model text NOT NULL,
    versions text NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    is_estimated boolean NOT NULL,
    cost bigint
);
CREATE SEQUENCE public.calls_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.calls_id_seq OWNED BY public.calls.id;
CREATE TABLE public.chores (
    name text NOT NULL,
    "position" bigint NOT NULL,
    due_at double precision NOT NULL
);
CREATE TABLE public.conversations (
    id bigint NOT NULL,
    platform text NOT NULL,
    workspace text NOT NULL,
    channel text NOT NULL,
    root text NOT NULL,
    created_at double precision NOT NULL,
    read_at double precision,
    revision integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.conversations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.conversations_id_seq OWNED BY public.conversations.id;
CREATE TABLE public.deliveries (
    platform text NOT NULL,
    workspace text NOT NULL,
    id text NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE public.drafts (
    platform text NOT NULL,
    workspace text NOT NULL,
    channel text NOT NULL,
    root text NOT NULL,
    level text NOT NULL,
    based_on integer NOT NULL,
    author_id text NOT NULL,
    note text NOT NULL,
    content text NOT NULL,
    created_at double precision NOT NULL,
    expires_at double precision NOT NULL
);
CREATE TABLE public.grants_versions (
    id bigint NOT NULL,
    platform text NOT NULL,
    workspace text NOT NULL,
    channel text NOT NULL,
    number integer NOT NULL,
    author_id text NOT NULL,
    author_name text NOT NULL,
    note text NOT NULL,
    content text NOT NULL,
    created_at double precision NOT NULL
);
CREATE SEQUENCE public.grants_versions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.grants_versions_id_seq OWNED BY public.grants_versions.id;
CREATE TABLE public.lessons (
    server text NOT NULL,
    model text NOT NULL,
    subject text NOT NULL,
    content text NOT NULL,
    learnt_at double precision NOT NULL
);
CREATE TABLE public.loads (
    worker text NOT NULL,
    platform text NOT NULL,
    workspace text NOT NULL,
    answers integer NOT NULL
);
CREATE TABLE public.pages (
    turn_id bigint NOT NULL,
    page integer NOT NULL,
    message_id text NOT NULL
);
CREATE TABLE public.refusals (
    platform text NOT NULL,
    workspace text NOT NULL,
    name text NOT NULL,
    until double precision NOT NULL
);
CREATE TABLE public.reservations (
    turn_id bigint NOT NULL,
    platform text NOT NULL,
    workspace text NOT NULL,
    channel text NOT NULL,
    author_id text NOT NULL,
    tokens bigint NOT NULL,
    cost bigint
);
CREATE TABLE public.secrets (
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.steering_versions (
    id bigint NOT NULL,
    platform text NOT NULL,
    workspace text NOT NULL,
    channel text NOT NULL,
    root text NOT NULL,
    number integer NOT NULL,
    author_id text NOT NULL,
    author_name text NOT NULL,
    note text NOT NULL,
    content text NOT NULL,
    created_at double precision NOT NULL
);
CREATE SEQUENCE public.steering_versions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.steering_versions_id_seq OWNED BY public.steering_versions.id;
CREATE TABLE public.summaries (
    id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    until_turn bigint NOT NULL,
    content text NOT NULL,
    created_at double precision NOT NULL
);
CREATE SEQUENCE public.summaries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.summaries_id_seq OWNED BY public.summaries.id;
CREATE TABLE public.tallies (
    platform text NOT NULL,
    workspace text NOT NULL,
    dimension text NOT NULL,
    span text NOT NULL,
    period text NOT NULL,
    subject text NOT NULL,
    calls bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    cost bigint NOT NULL,
    unpriced bigint NOT NULL,
    estimated bigint NOT NULL,
    is_warned boolean NOT NULL
);
CREATE TABLE public.turns (
    id bigint NOT NULL,
    conversation_id bigint NOT NULL,
    platform text NOT NULL,
    workspace text NOT NULL,
    channel text NOT NULL,
    message_id text NOT NULL,
    author_id text NOT NULL,
    author_name text NOT NULL,
    question text NOT NULL,
    status text NOT NULL,
    owner text,
    token integer NOT NULL,
    answer text NOT NULL,
    model text NOT NULL,
    finish_reason text NOT NULL,
    error text NOT NULL,
    prompt_tokens integer,
    completion_tokens integer,
    cached_tokens integer,
    created_at double precision NOT NULL,
    claimed_at double precision,
    answered_at double precision,
    ended_at double precision,
    sent_at double precision NOT NULL,
    attempt integer NOT NULL,
    made_with text,
    files text,
    stopped_by text,
    CONSTRAINT ck_turns_owner CHECK (
CASE status
    WHEN 'answering'::text THEN (owner IS NOT NULL)
    WHEN 'answered'::text THEN true
    ELSE (owner IS NULL)
END),
    CONSTRAINT ck_turns_status CHECK ((status = ANY (ARRAY['answered'::text, 'answering'::text, 'done'::text, 'failed'::text, 'forgotten'::text, 'noted'::text, 'stopped'::text, 'waiting'::text])))
);
CREATE SEQUENCE public.turns_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.turns_id_seq OWNED BY public.turns.id;
CREATE TABLE public.variants (
    turn_id bigint NOT NULL,
    number integer NOT NULL,
    answer text NOT NULL,
    model text NOT NULL,
    finish_reason text NOT NULL,
    made_with text,
    prompt_tokens integer,
    completion_tokens integer,
    cached_tokens integer,
    is_shown boolean NOT NULL,
    is_chosen boolean NOT NULL
);
CREATE TABLE public.vote_versions (
    vote_id bigint NOT NULL,
    version_id bigint NOT NULL
);
CREATE TABLE public.votes (
    id bigint NOT NULL,
    turn_id bigint NOT NULL,
    variant integer NOT NULL,
    voter_id text NOT NULL,
    is_good boolean NOT NULL,
    reasons text NOT NULL,
    note text NOT NULL,
    model text NOT NULL,
    at double precision NOT NULL
);
CREATE SEQUENCE public.votes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.votes_id_seq OWNED BY public.votes.id;
CREATE TABLE public.workers (
    id text NOT NULL,
    host text NOT NULL,
    beat_at double precision NOT NULL
);
ALTER TABLE ONLY public.budgets ALTER COLUMN id SET DEFAULT nextval('public.budgets_id_seq'::regclass);
ALTER TABLE ONLY public.calls ALTER COLUMN id SET DEFAULT nextval('public.calls_id_seq'::regclass);
ALTER TABLE ONLY public.conversations ALTER COLUMN id SET DEFAULT nextval('public.conversations_id_seq'::regclass);
ALTER TABLE ONLY public.grants_versions ALTER COLUMN id SET DEFAULT nextval('public.grants_versions_id_seq'::regclass);
ALTER TABLE ONLY public.steering_versions ALTER COLUMN id SET DEFAULT nextval('public.steering_versions_id_seq'::regclass);
ALTER TABLE ONLY public.summaries ALTER COLUMN id SET DEFAULT nextval('public.summaries_id_seq'::regclass);
ALTER TABLE ONLY public.turns ALTER COLUMN id SET DEFAULT nextval('public.turns_id_seq'::regclass);
ALTER TABLE ONLY public.votes ALTER COLUMN id SET DEFAULT nextval('public.votes_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0015');
INSERT INTO public.budgets VALUES (1, 'slack', 'T0SANDBOX', 'person', 'U0GRACE', 'day', 'tokens', 10, 'shell', 'root', '', 1796016682.72941);
INSERT INTO public.budgets VALUES (2, 'slack', 'T0SANDBOX', 'workspace', '', 'month', 'tokens', 1000000, 'shell', 'root', '', 1796016683.879348);
INSERT INTO public.calls VALUES (1, 1, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016687.389354', 'U0ADA', 1796016688.860934, '2026-11-30', 'sandbox-small', '2', 32, 14, 0, false, 60000);
INSERT INTO public.calls VALUES (2, 2, 'slack', 'T0SANDBOX', 'C0ENG', '1796016692.016180', 'U0ADA', 1796016692.088769, '2026-11-30', 'sandbox-small', '2,3', 18, 90, 0, false, 198000);
INSERT INTO public.calls VALUES (3, 3, 'slack', 'T0SANDBOX', 'C0RANDOM', '1796016693.155340', 'U0ADA', 1796016693.201333, '2026-11-30', 'sandbox-old', '2,4', 14, 1, 0, false, 16000);
INSERT INTO public.calls VALUES (4, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016693.483634, '2026-11-30', 'sandbox-small', '2', 16, 1, 0, false, 18000);
INSERT INTO public.calls VALUES (5, 6, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016693.874401, '2026-11-30', 'sandbox-small', '2', 147, 2, 0, false, 151000);
INSERT INTO public.calls VALUES (6, 7, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016693.954845, '2026-11-30', 'sandbox-small', '2', 279, 2, 0, false, 283000);
INSERT INTO public.calls VALUES (7, 8, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016694.016745, '2026-11-30', 'sandbox-small', '2', 411, 2, 0, false, 415000);
INSERT INTO public.calls VALUES (8, 9, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016694.063247, '2026-11-30', 'sandbox-small', '2', 543, 2, 0, false, 547000);
INSERT INTO public.calls VALUES (9, 10, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016694.175186, '2026-11-30', 'sandbox-small', '2', 268, 2, 0, false, 272000);
INSERT INTO public.calls VALUES (10, 9, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016694.177954, '2026-11-30', 'sandbox-small', '', 342, 172, 0, false, 686000);
INSERT INTO public.calls VALUES (11, 11, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016694.233861, '2026-11-30', 'sandbox-small', '2', 400, 2, 0, false, 404000);
INSERT INTO public.calls VALUES (12, 9, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016694.294561, '2026-11-30', 'sandbox-small', '', 289, 172, 0, false, 633000);
INSERT INTO public.calls VALUES (13, 12, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016694.530624, '2026-11-30', 'sandbox-small', '2', 620, 2, 0, false, 624000);
INSERT INTO public.calls VALUES (14, 12, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 1796016694.633187, '2026-11-30', 'sandbox-small', '', 302, 172, 0, false, 646000);
INSERT INTO public.calls VALUES (15, 13, 'slack', 'T0SANDBOX', 'D0ADA', '1796016695.662427', 'U0ADA', 1796016695.788189, '2026-11-30', 'sandbox-small', '2', 20, 22, 0, false, 64000);
INSERT INTO public.calls VALUES (16, 17, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016711.793946', 'U0ADA', 1796016711.931056, '2026-11-30', 'sandbox-small', '2', 17, 2, 0, false, 21000);
INSERT INTO public.conversations VALUES (1, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016687.389354', 1796016687.429135, NULL, 0);
INSERT INTO public.conversations VALUES (2, 'slack', 'T0SANDBOX', 'C0ENG', '1796016692.016180', 1796016692.024195, NULL, 1);
INSERT INTO public.conversations VALUES (3, 'slack', 'T0SANDBOX', 'C0RANDOM', '1796016693.155340', 1796016693.161614, NULL, 0);
INSERT INTO public.conversations VALUES (4, 'slack', 'T0SANDBOX', 'D0GRACE', '1796016693.196943', 1796016693.203895, NULL, 0);
INSERT INTO public.conversations VALUES (5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 1796016693.442273, 1796016693.624985, 0);
INSERT INTO public.conversations VALUES (6, 'slack', 'T0SANDBOX', 'D0ADA', '1796016695.662427', 1796016695.710856, 1796016695.754621, 0);
INSERT INTO public.conversations VALUES (7, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016700.741273', 1796016700.749836, NULL, 0);
INSERT INTO public.conversations VALUES (8, 'slack', 'T0SANDBOX', 'D0ADA', '1796016711.492641', 1796016711.501754, NULL, 0);
INSERT INTO public.conversations VALUES (9, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016711.793946', 1796016711.803708, NULL, 0);
INSERT INTO public.conversations VALUES (10, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016711.793857', 1796016711.805761, NULL, 0);
INSERT INTO public.conversations VALUES (11, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016711.794014', 1796016711.807562, NULL, 0);
INSERT INTO public.conversations VALUES (12, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016712.294662', 1796016712.302157, NULL, 0);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'EvD4B2B7C990', 1796016687.430841);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev53DD17CB2A', 1796016692.024525);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'EvE804CB32AD', 1796016693.161982);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev4B90BA935D', 1796016693.204306);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev5E4ED4A643', 1796016693.442961);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev4A1FF6DE59', 1796016693.507473);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev0E12ABEC5D', 1796016693.906762);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'EvFA9E513F00', 1796016693.984326);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev183D706239', 1796016694.029913);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev0EC763326B', 1796016694.083972);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev729F6AD4F4', 1796016694.197004);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev842D7C50D2', 1796016694.499412);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev6AC40AEC27', 1796016700.750427);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev435C4FD776', 1796016711.502414);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev869853D5A3', 1796016711.800312);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'Ev07A0DD8DA4', 1796016711.804006);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'EvA3EE4CF47E', 1796016711.806872);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'EvB7D3C29290', 1796016711.808543);
INSERT INTO public.deliveries VALUES ('slack', 'T0SANDBOX', 'EvC45669D544', 1796016712.302924);
INSERT INTO public.drafts VALUES ('slack', 'T0SANDBOX', 'D0ADA', '1796016695.662427', 'channel T0SANDBOX/C0GENERAL', 0, 'U0ADA', '', '{"format": 1, "prompt": {"appends": false, "text": "You speak like a pirate of {channel}."}}', 1796016695.672154, 1796621495.672171);
INSERT INTO public.grants_versions VALUES (1, 'slack', 'T0SANDBOX', '', 1, 'shell', 'root', '', '{"admits": ["direct-messages", "guests", "shared-channels"], "channels": [], "denied_channels": [], "denied_people": [], "format": 1, "invited": [], "people": [], "stewards": []}', 1796016678.739759);
INSERT INTO public.grants_versions VALUES (2, 'slack', 'T0SANDBOX', '', 2, 'shell', 'root', '', '{"admits": ["direct-messages", "guests", "shared-channels"], "channels": [], "denied_channels": ["C0PARTNER"], "denied_people": [], "format": 1, "invited": [], "people": [], "stewards": []}', 1796016679.946568);
INSERT INTO public.grants_versions VALUES (3, 'slack', 'T0SANDBOX', 'C0ENG', 1, 'shell', 'root', '', '{"channels": [], "denied_channels": [], "denied_people": [], "format": 1, "invited": [], "people": [], "stewards": ["U0GRACE"]}', 1796016681.223012);
INSERT INTO public.lessons VALUES ('http://127.0.0.1:35375/v1', 'sandbox-old', 'field stream', '{"instead": ""}', 1796016693.192881);
INSERT INTO public.loads VALUES ('vm:3eeb2d96-71b7-46ad-aea3-e372757a4b95', 'slack', 'T0SANDBOX', 1);
INSERT INTO public.loads VALUES ('vm:37fa148a-d94f-4a23-8e07-2c0b3d76529d', 'slack', 'T0SANDBOX', 5);
INSERT INTO public.pages VALUES (1, 0, '1796016687.550909');
INSERT INTO public.pages VALUES (2, 0, '1796016692.097336');
INSERT INTO public.pages VALUES (3, 0, '1796016693.196654');
INSERT INTO public.pages VALUES (4, 0, '1796016693.227883');
INSERT INTO public.pages VALUES (5, 0, '1796016693.491119');
INSERT INTO public.pages VALUES (6, 0, '1796016693.884232');
INSERT INTO public.pages VALUES (7, 0, '1796016693.951730');
INSERT INTO public.pages VALUES (8, 0, '1796016694.016309');
INSERT INTO public.pages VALUES (9, 0, '1796016694.072185');
INSERT INTO public.pages VALUES (10, 0, '1796016694.191842');
INSERT INTO public.pages VALUES (11, 0, '1796016694.492000');
INSERT INTO public.pages VALUES (12, 0, '1796016695.497653');
INSERT INTO public.pages VALUES (13, 0, '1796016696.493288');
INSERT INTO public.pages VALUES (14, 0, '1796016700.806177');
INSERT INTO public.pages VALUES (14, 1, '1796016711.492190');
INSERT INTO public.pages VALUES (15, 0, '1796016711.630018');
INSERT INTO public.pages VALUES (17, 0, '1796016712.807850');
INSERT INTO public.pages VALUES (18, 0, '1796016713.493589');
INSERT INTO public.reservations VALUES (14, 'slack', 'T0SANDBOX', 'C0GENERAL', 'U0ADA', 6489, 10585000);
INSERT INTO public.reservations VALUES (15, 'slack', 'T0SANDBOX', 'D0ADA', 'U0ADA', 4395, 8491000);
INSERT INTO public.reservations VALUES (19, 'slack', 'T0SANDBOX', 'C0GENERAL', 'U0ADA', 4234, 8330000);
INSERT INTO public.reservations VALUES (18, 'slack', 'T0SANDBOX', 'C0GENERAL', 'U0ADA', 4369, 8465000);
INSERT INTO public.secrets VALUES ('user_key', 'd075ac3d520c4d28486eea36867bd7bd21d74439d1fe2ee03efe14fc8cbb1299');
INSERT INTO public.secrets VALUES ('form_key', '1bd779471de7ecdfddacce18004ead404d44fa1674808ec9ba750131d9141c10');
INSERT INTO public.steering_versions VALUES (1, 'slack', 'T0SANDBOX', '', '', 1, 'shell', 'root', 'first', '{"format": 1, "prompt": {"appends": false, "text": "Answer briefly."}}', 1796016671.548445);
INSERT INTO public.steering_versions VALUES (2, 'slack', 'T0SANDBOX', '', '', 2, 'shell', 'root', 'second', '{"format": 1, "prompt": {"appends": false, "text": "Answer briefly, in {channel}."}}', 1796016673.2054);
INSERT INTO public.steering_versions VALUES (3, 'slack', 'T0SANDBOX', 'C0ENG', '', 1, 'shell', 'root', '', '{"format": 1, "parameters": {"n": 3}}', 1796016674.899012);
INSERT INTO public.steering_versions VALUES (4, 'slack', 'T0SANDBOX', 'C0RANDOM', '', 1, 'shell', 'root', '', '{"format": 1, "parameters": {"model": "sandbox-old"}}', 1796016676.732794);
INSERT INTO public.summaries VALUES (1, 5, 8, '## Assistant Answer
A new thread, then. You asked:
> > Assistant: Answer 3.
I am the sandbox''s own model, so I cannot tell you what is known about **Assistant** and **Answer**. What I can do is answer in the form that a real model would, so that you see how it arrives.
### How to read a question
1. **Find the words that carry it.** Here they are **Assistant** and **Answer**.
2. **Ask what is missing.** A purpose, a limit, an example:
   - What should be different once you know about *Assistant*?
   - Which case of *Answer* matters most to you?
3. **Say it again in one sentence**, and see whether it still means the same.
### In code
```python
question = "Assistant Answer"
for word in question.split():
    print(f"{word:<12} {len(word):>3}")
```
### At a glance
| Word | Letters | Begins with |
|:-----|--------:|:-----------:|
| Assistant | 9 | A |
| Answer | 6 | A |
Next, try *what did I ask?*, or *which instructions do you have?*', 1796016694.305619);
INSERT INTO public.summaries VALUES (2, 5, 9, '## Assistant Answer
A new thread, then. You asked:
> > Assistant: Answer 4.
I am the sandbox''s own model, so I cannot tell you what is known about **Assistant** and **Answer**. What I can do is answer in the form that a real model would, so that you see how it arrives.
### How to read a question
1. **Find the words that carry it.** Here they are **Assistant** and **Answer**.
2. **Ask what is missing.** A purpose, a limit, an example:
   - What should be different once you know about *Assistant*?
   - Which case of *Answer* matters most to you?
3. **Say it again in one sentence**, and see whether it still means the same.
### In code
```python
question = "Assistant Answer"
for word in question.split():
    print(f"{word:<12} {len(word):>3}")
```
### At a glance
| Word | Letters | Begins with |
|:-----|--------:|:-----------:|
| Assistant | 9 | A |
| Answer | 6 | A |
Next, try *what did I ask?*, or *which instructions do you have?*', 1796016694.642225);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'channel', 'month', '2026-11', 'C0GENERAL', 2, 49, 16, 0, 81000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'channel', 'day', '2026-11-30', 'C0GENERAL', 2, 49, 16, 0, 81000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'channel', 'month', '2026-11', 'C0ENG', 1, 18, 90, 0, 198000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'channel', 'day', '2026-11-30', 'C0ENG', 1, 18, 90, 0, 198000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'versions', 'month', '2026-11', '2,3', 1, 18, 90, 0, 198000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'versions', 'day', '2026-11-30', '2,3', 1, 18, 90, 0, 198000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'channel', 'month', '2026-11', 'C0RANDOM', 1, 14, 1, 0, 16000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'channel', 'day', '2026-11-30', 'C0RANDOM', 1, 14, 1, 0, 16000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'model', 'month', '2026-11', 'sandbox-old', 1, 14, 1, 0, 16000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'model', 'day', '2026-11-30', 'sandbox-old', 1, 14, 1, 0, 16000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'versions', 'month', '2026-11', '2,4', 1, 14, 1, 0, 16000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'versions', 'day', '2026-11-30', '2,4', 1, 14, 1, 0, 16000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'versions', 'month', '2026-11', '', 3, 933, 516, 0, 1965000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'versions', 'day', '2026-11-30', '', 3, 933, 516, 0, 1965000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'channel', 'month', '2026-11', 'D0ADA', 12, 3637, 553, 0, 4743000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'channel', 'day', '2026-11-30', 'D0ADA', 12, 3637, 553, 0, 4743000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'workspace', 'month', '2026-11', '', 16, 3718, 660, 0, 5038000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'workspace', 'day', '2026-11-30', '', 16, 3718, 660, 0, 5038000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'person', 'month', '2026-11', 'U0ADA', 16, 3718, 660, 0, 5038000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'person', 'day', '2026-11-30', 'U0ADA', 16, 3718, 660, 0, 5038000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'model', 'month', '2026-11', 'sandbox-small', 15, 3704, 659, 0, 5022000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'model', 'day', '2026-11-30', 'sandbox-small', 15, 3704, 659, 0, 5022000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'versions', 'month', '2026-11', '2', 11, 2753, 53, 0, 2859000, 0, 0, false);
INSERT INTO public.tallies VALUES ('slack', 'T0SANDBOX', 'versions', 'day', '2026-11-30', '2', 11, 2753, 53, 0, 2859000, 0, 0, false);
INSERT INTO public.turns VALUES (1, 1, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016687.389354', 'U0ADA', 'ada', 'Which colour has the sky? [[rate=10]] [[say=The sky is blue on most days, and grey on others, I would say.]]', 'done', NULL, 1, 'The sky is blue on most days, and grey on others, I would say.', 'sandbox-small', 'stop', '', 32, 14, 0, 1796016687.434759, 1796016687.434766, 1796016688.860934, 1796016688.973817, 1796016687.389354, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (2, 2, 'slack', 'T0SANDBOX', 'C0ENG', '1796016692.016180', 'U0ADA', 'ada', 'Why is the sky blue? [[tokens=30]]', 'done', NULL, 2, 'Answer 2.
## Sky blue
A new thread, then. You asked:
> Why is the sky blue?
I am the sandbox''s own model, so I cannot tell you what is', 'sandbox-small', 'stop', '', 18, 90, 0, 1796016692.025584, 1796016693.147249, 1796016692.088769, 1796016693.163968, 1796016692.01618, 1, '{"versions": [2, 3], "parameters": {"model": "sandbox-small", "n": 3}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (3, 3, 'slack', 'T0SANDBOX', 'C0RANDOM', '1796016693.155340', 'U0ADA', 'ada', '[[fault=unverified]] [[say=Learnt.]]', 'done', NULL, 1, 'Learnt.', 'sandbox-old', 'stop', '', 14, 1, 0, 1796016693.162757, 1796016693.162761, 1796016693.201333, 1796016693.213024, 1796016693.15534, 1, '{"versions": [2, 4], "parameters": {"model": "sandbox-old"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (4, 4, 'slack', 'T0SANDBOX', 'D0GRACE', '1796016693.196943', 'U0GRACE', 'grace', '[[say=one two]]', 'failed', NULL, 1, '', '', '', 'budget_spent', NULL, NULL, NULL, 1796016693.205901, 1796016693.205906, NULL, 1796016693.23843, 1796016693.196943, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (5, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.228144', 'U0ADA', 'ada', 'Begin. [[say=Begun.]]', 'done', NULL, 1, 'Begun.', 'sandbox-small', 'stop', '', 16, 1, 0, 1796016693.444159, 1796016693.444166, 1796016693.483634, 1796016693.513181, 1796016693.228144, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (6, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.493855', 'U0ADA', 'ada', 'And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then,  [[say=Answer 1.]]', 'done', NULL, 1, 'Answer 1.', 'sandbox-small', 'stop', '', 147, 2, 0, 1796016693.508829, 1796016693.51519, 1796016693.874401, 1796016693.913729, 1796016693.493855, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 1, "first": "1796016693.228144", "last": "1796016693.228144", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (7, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.901432', 'U0ADA', 'ada', 'And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then,  [[say=Answer 2.]]', 'done', NULL, 1, 'Answer 2.', 'sandbox-small', 'stop', '', 279, 2, 0, 1796016693.907623, 1796016693.914462, 1796016693.954845, 1796016693.977968, 1796016693.901432, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 2, "first": "1796016693.228144", "last": "1796016693.493855", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (8, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016693.971922', 'U0ADA', 'ada', 'And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then,  [[say=Answer 3.]]', 'done', NULL, 1, 'Answer 3.', 'sandbox-small', 'stop', '', 411, 2, 0, 1796016693.985516, 1796016693.985525, 1796016694.016745, 1796016694.034744, 1796016693.971922, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 3, "first": "1796016693.228144", "last": "1796016693.901432", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (9, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016694.024015', 'U0ADA', 'ada', 'And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then,  [[say=Answer 4.]]', 'done', NULL, 1, 'Answer 4.', 'sandbox-small', 'stop', '', 543, 2, 0, 1796016694.031453, 1796016694.035437, 1796016694.063247, 1796016694.09331, 1796016694.024015, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 4, "first": "1796016693.228144", "last": "1796016693.971922", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (10, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016694.072503', 'U0ADA', 'ada', 'And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then,  [[say=Answer 5.]]', 'done', NULL, 1, 'Answer 5.', 'sandbox-small', 'stop', '', 268, 2, 0, 1796016694.085428, 1796016694.094448, 1796016694.175186, 1796016694.203485, 1796016694.072503, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "_Older messages of this thread are no longer in view._", "draft": "", "seen": {"turns": 1, "first": "1796016694.024015", "last": "1796016694.024015", "left_out": 4, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (11, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016694.192200', 'U0ADA', 'ada', 'And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then,  [[say=Answer 6.]]', 'done', NULL, 1, 'Answer 6.', 'sandbox-small', 'stop', '', 400, 2, 0, 1796016694.199428, 1796016694.204196, 1796016694.233861, 1796016694.500936, 1796016694.1922, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 2, "first": "1796016694.024015", "last": "1796016694.072503", "left_out": 4, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (12, 5, 'slack', 'T0SANDBOX', 'D0ADA', '1796016694.492354', 'U0ADA', 'ada', 'And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then, And then,  [[say=Answer 7.]]', 'done', NULL, 1, 'Answer 7.', 'sandbox-small', 'stop', '', 620, 2, 0, 1796016694.500144, 1796016694.501728, 1796016694.530624, 1796016695.629792, 1796016694.492354, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "_Older messages of this thread are no longer in view; I go by a summary of them._", "draft": "", "seen": {"turns": 3, "first": "1796016694.024015", "last": "1796016694.192200", "left_out": 4, "is_all_counted": true, "is_summarised": true}}', NULL, NULL);
INSERT INTO public.turns VALUES (13, 6, 'slack', 'T0SANDBOX', 'D0ADA', '1796016695.693692', 'U0ADA', 'ada', 'Which instructions do you have?', 'done', NULL, 1, 'These are my instructions, the system message that I am sent before everything else:
> You speak like a pirate of #general.', 'sandbox-small', 'stop', '', 20, 22, 0, 1796016695.71601, 1796016695.716017, 1796016695.788189, 1796016696.503408, 1796016695.693692, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "_Answered with a draft that is not published._", "draft": "channel T0SANDBOX/C0GENERAL", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (14, 7, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016700.741273', 'U0ADA', 'ada', 'Running. [[say=running-0 running-1 running-2 running-3 running-4 running-5 running-6 running-7 running-8 running-9 running-10 running-11 running-12 running-13 running-14 running-15 running-16 running-17 running-18 running-19 running-20 running-21 running-22 running-23 running-24 running-25 running-26 running-27 running-28 running-29 running-30 running-31 running-32 running-33 running-34 running-35 running-36 running-37 running-38 running-39 running-40 running-41 running-42 running-43 running-44 running-45 running-46 running-47 running-48 running-49 running-50 running-51 running-52 running-53 running-54 running-55 running-56 running-57 running-58 running-59 running-60 running-61 running-62 running-63 running-64 running-65 running-66 running-67 running-68 running-69 running-70 running-71 running-72 running-73 running-74 running-75 running-76 running-77 running-78 running-79 running-80 running-81 running-82 running-83 running-84 running-85 running-86 running-87 running-88 running-89 running-90 running-91 running-92 running-93 running-94 running-95 running-96 running-97 running-98 running-99 running-100 running-101 running-102 running-103 running-104 running-105 running-106 running-107 running-108 running-109 running-110 running-111 running-112 running-113 running-114 running-115 running-116 running-117 running-118 running-119 running-120 running-121 running-122 running-123 running-124 running-125 running-126 running-127 running-128 running-129 running-130 running-131 running-132 running-133 running-134 running-135 running-136 running-137 running-138 running-139 running-140 running-141 running-142 running-143 running-144 running-145 running-146 running-147 running-148 running-149 running-150 running-151 running-152 running-153 running-154 running-155 running-156 running-157 running-158 running-159 running-160 running-161 running-162 running-163 running-164 running-165 running-166 running-167 running-168 running-169 running-170 running-171 running-172 running-173 running-174 running-175 running-176 running-177 running-178 running-179 running-180 running-181 running-182 running-183 running-184 running-185 running-186 running-187 running-188 running-189 running-190 running-191 running-192 running-193 running-194 running-195 running-196 running-197 running-198 running-199 running-200 running-201 running-202 running-203 running-204 running-205 running-206 running-207 running-208 running-209 running-210 running-211 running-212 running-213 running-214 running-215 running-216 running-217 running-218 running-219 running-220 running-221 running-222 running-223 running-224 running-225 running-226 running-227 running-228 running-229 running-230 running-231 running-232 running-233 running-234 running-235 running-236 running-237 running-238 running-239 running-240 running-241 running-242 running-243 running-244 running-245 running-246 running-247 running-248 running-249 running-250 running-251 running-252 running-253 running-254 running-255 running-256 running-257 running-258 running-259 running-260 running-261 running-262 running-263 running-264 running-265 running-266 running-267 running-268 running-269 running-270 running-271 running-272 running-273 running-274 running-275 running-276 running-277 running-278 running-279 running-280 running-281 running-282 running-283 running-284 running-285 running-286 running-287 running-288 running-289 running-290 running-291 running-292 running-293 running-294 running-295 running-296 running-297 running-298 running-299 running-300 running-301 running-302 running-303 running-304 running-305 running-306 running-307 running-308 running-309 running-310 running-311 running-312 running-313 running-314 running-315 running-316 running-317 running-318 running-319 running-320 running-321 running-322 running-323 running-324 running-325 running-326 running-327 running-328 running-329 running-330 running-331 running-332 running-333 running-334 running-335 running-336 running-337 running-338 running-339 running-340 running-341 running-342 running-343 running-344 running-345 running-346 running-347 running-348 running-349 running-350 running-351 running-352 running-353 running-354 running-355 running-356 running-357 running-358 running-359 running-360 running-361 running-362 running-363 running-364 running-365 running-366 running-367 running-368 running-369 running-370 running-371 running-372 running-373 running-374 running-375 running-376 running-377 running-378 running-379 running-380 running-381 running-382 running-383 running-384 running-385 running-386 running-387 running-388 running-389 running-390 running-391 running-392 running-393 running-394 running-395 running-396 running-397 running-398 running-399 running-400 running-401 running-402 running-403 running-404 running-405 running-406 running-407 running-408 running-409 running-410 running-411 running-412 running-413 running-414 running-415 running-416 running-417 running-418 running-419 running-420 running-421 running-422 running-423 running-424 running-425 running-426 running-427 running-428 running-429 running-430 running-431 running-432 running-433 running-434 running-435 running-436 running-437 running-438 running-439 running-440 running-441 running-442 running-443 running-444 running-445 running-446 running-447 running-448 running-449 running-450 running-451 running-452 running-453 running-454 running-455 running-456 running-457 running-458 running-459 running-460 running-461 running-462 running-463 running-464 running-465 running-466 running-467 running-468 running-469 running-470 running-471 running-472 running-473 running-474 running-475 running-476 running-477 running-478 running-479 running-480 running-481 running-482 running-483 running-484 running-485 running-486 running-487 running-488 running-489 running-490 running-491 running-492 running-493 running-494 running-495 running-496 running-497 running-498 running-499 running-500 running-501 running-502 running-503 running-504 running-505 running-506 running-507 running-508 running-509 running-510 running-511 running-512 running-513 running-514 running-515 running-516 running-517 running-518 running-519 running-520 running-521 running-522 running-523 running-524 running-525 running-526 running-527 running-528 running-529 running-530 running-531 running-532 running-533 running-534 running-535 running-536 running-537 running-538 running-539 running-540 running-541 running-542 running-543 running-544 running-545 running-546 running-547 running-548 running-549 running-550 running-551 running-552 running-553 running-554 running-555 running-556 running-557 running-558 running-559 running-560 running-561 running-562 running-563 running-564 running-565 running-566 running-567 running-568 running-569 running-570 running-571 running-572 running-573 running-574 running-575 running-576 running-577 running-578 running-579 running-580 running-581 running-582 running-583 running-584 running-585 running-586 running-587 running-588 running-589 running-590 running-591 running-592 running-593 running-594 running-595 running-596 running-597 running-598 running-599 running-600 running-601 running-602 running-603 running-604 running-605 running-606 running-607 running-608 running-609 running-610 running-611 running-612 running-613 running-614 running-615 running-616 running-617 running-618 running-619 running-620 running-621 running-622 running-623 running-624 running-625 running-626 running-627 running-628 running-629 running-630 running-631 running-632 running-633 running-634 running-635 running-636 running-637 running-638 running-639 running-640 running-641 running-642 running-643 running-644 running-645 running-646 running-647 running-648 running-649 running-650 running-651 running-652 running-653 running-654 running-655 running-656 running-657 running-658 running-659 running-660 running-661 running-662 running-663 running-664 running-665 running-666 running-667 running-668 running-669 running-670 running-671 running-672 running-673 running-674 running-675 running-676 running-677 running-678 running-679 running-680 running-681 running-682 running-683 running-684 running-685 running-686 running-687 running-688 running-689 running-690 running-691 running-692 running-693 running-694 running-695 running-696 running-697 running-698 running-699]]', 'answering', 'vm:37fa148a-d94f-4a23-8e07-2c0b3d76529d', 1, '', '', '', '', NULL, NULL, NULL, 1796016700.753932, 1796016700.75394, NULL, NULL, 1796016700.741273, 1, NULL, NULL, NULL);
INSERT INTO public.turns VALUES (15, 8, 'slack', 'T0SANDBOX', 'D0ADA', '1796016711.492641', 'U0ADA', 'ada', 'Streamed. [[say=streamed-0 streamed-1 streamed-2 streamed-3 streamed-4 streamed-5 streamed-6 streamed-7 streamed-8 streamed-9 streamed-10 streamed-11 streamed-12 streamed-13 streamed-14 streamed-15 streamed-16 streamed-17 streamed-18 streamed-19 streamed-20 streamed-21 streamed-22 streamed-23 streamed-24 streamed-25 streamed-26 streamed-27 streamed-28 streamed-29 streamed-30 streamed-31 streamed-32 streamed-33 streamed-34 streamed-35 streamed-36 streamed-37 streamed-38 streamed-39 streamed-40 streamed-41 streamed-42 streamed-43 streamed-44 streamed-45 streamed-46 streamed-47 streamed-48 streamed-49 streamed-50 streamed-51 streamed-52 streamed-53 streamed-54 streamed-55 streamed-56 streamed-57 streamed-58 streamed-59 streamed-60 streamed-61 streamed-62 streamed-63 streamed-64 streamed-65 streamed-66 streamed-67 streamed-68 streamed-69 streamed-70 streamed-71 streamed-72 streamed-73 streamed-74 streamed-75 streamed-76 streamed-77 streamed-78 streamed-79]]', 'answering', 'vm:37fa148a-d94f-4a23-8e07-2c0b3d76529d', 1, '', '', '', '', NULL, NULL, NULL, 1796016711.503495, 1796016711.503499, NULL, NULL, 1796016711.492641, 1, NULL, NULL, NULL);
INSERT INTO public.turns VALUES (16, 8, 'slack', 'T0SANDBOX', 'D0ADA', '1796016711.793625', 'U0ADA', 'ada', 'Waits behind it. [[say=behind]]', 'waiting', NULL, 0, '', '', '', '', NULL, NULL, NULL, 1796016711.801217, NULL, NULL, NULL, 1796016711.793625, 0, NULL, NULL, NULL);
INSERT INTO public.turns VALUES (19, 11, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016711.794014', 'U0ADA', 'ada', 'Posted, not noted. [[say=posted-0 posted-1 posted-2 posted-3 posted-4 posted-5 posted-6 posted-7 posted-8 posted-9 posted-10 posted-11 posted-12 posted-13 posted-14 posted-15 posted-16 posted-17 posted-18 posted-19 posted-20 posted-21 posted-22 posted-23 posted-24 posted-25 posted-26 posted-27 posted-28 posted-29 posted-30 posted-31 posted-32 posted-33 posted-34 posted-35 posted-36 posted-37 posted-38 posted-39]]', 'answering', 'vm:37fa148a-d94f-4a23-8e07-2c0b3d76529d', 1, '', '', '', '', NULL, NULL, NULL, 1796016711.810446, 1796016711.810454, NULL, NULL, 1796016711.794014, 1, NULL, NULL, NULL);
INSERT INTO public.turns VALUES (17, 9, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016711.793946', 'U0ADA', 'ada', 'Saved, not shown. [[say=saved-0 saved-1]]', 'answered', 'vm:37fa148a-d94f-4a23-8e07-2c0b3d76529d', 1, 'saved-0 saved-1', 'sandbox-small', 'stop', '', 17, 2, 0, 1796016711.804988, 1796016711.804994, 1796016711.931056, NULL, 1796016711.793946, 1, '{"versions": [2], "parameters": {"model": "sandbox-small"}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', NULL, NULL);
INSERT INTO public.turns VALUES (20, 12, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016712.294662', 'U0ADA', 'ada', 'Waiting. [[say=waiting]]', 'waiting', NULL, 0, '', '', '', '', NULL, NULL, NULL, 1796016712.305696, NULL, NULL, NULL, 1796016712.294662, 0, NULL, NULL, NULL);
INSERT INTO public.turns VALUES (21, 10, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016714.693953', '', '', '', 'forgotten', NULL, 0, '', '', '', '', NULL, NULL, NULL, 1796016714.70198, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL);
INSERT INTO public.turns VALUES (18, 10, 'slack', 'T0SANDBOX', 'C0GENERAL', '1796016711.793857', 'U0ADA', 'ada', 'Stopped. [[say=stopped-0 stopped-1 stopped-2 stopped-3 stopped-4 stopped-5 stopped-6 stopped-7 stopped-8 stopped-9 stopped-10 stopped-11 stopped-12 stopped-13 stopped-14 stopped-15 stopped-16 stopped-17 stopped-18 stopped-19 stopped-20 stopped-21 stopped-22 stopped-23 stopped-24 stopped-25 stopped-26 stopped-27 stopped-28 stopped-29 stopped-30 stopped-31 stopped-32 stopped-33 stopped-34 stopped-35 stopped-36 stopped-37 stopped-38 stopped-39 stopped-40 stopped-41 stopped-42 stopped-43 stopped-44 stopped-45 stopped-46 stopped-47 stopped-48 stopped-49 stopped-50 stopped-51 stopped-52 stopped-53 stopped-54 stopped-55 stopped-56 stopped-57 stopped-58 stopped-59 stopped-60 stopped-61 stopped-62 stopped-63 stopped-64 stopped-65 stopped-66 stopped-67 stopped-68 stopped-69 stopped-70 stopped-71 stopped-72 stopped-73 stopped-74 stopped-75 stopped-76 stopped-77 stopped-78 stopped-79]]', 'answering', 'vm:37fa148a-d94f-4a23-8e07-2c0b3d76529d', 1, '', '', '', '', NULL, NULL, NULL, 1796016711.808966, 1796016711.80897, NULL, NULL, 1796016711.793857, 1, NULL, NULL, 'U0ADA');
INSERT INTO public.variants VALUES (2, 1, '## Sky blue
A new thread, then. You asked:
> Why is the sky blue?
I am the sandbox''s own model, so I cannot tell you what is known about', 'sandbox-small', 'stop', '{"versions": [2, 3], "parameters": {"model": "sandbox-small", "n": 3}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', 18, 90, 0, false, false);
INSERT INTO public.variants VALUES (2, 2, 'Answer 2.
## Sky blue
A new thread, then. You asked:
> Why is the sky blue?
I am the sandbox''s own model, so I cannot tell you what is', 'sandbox-small', 'stop', '{"versions": [2, 3], "parameters": {"model": "sandbox-small", "n": 3}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', 18, 90, 0, true, false);
INSERT INTO public.variants VALUES (2, 3, 'Answer 3.
## Sky blue
A new thread, then. You asked:
> Why is the sky blue?
I am the sandbox''s own model, so I cannot tell you what is', 'sandbox-small', 'stop', '{"versions": [2, 3], "parameters": {"model": "sandbox-small", "n": 3}, "reading": "", "remarks": "", "draft": "", "seen": {"turns": 0, "first": "", "last": "", "left_out": 0, "is_all_counted": true, "is_summarised": false}}', 18, 90, 0, false, false);
INSERT INTO public.vote_versions VALUES (1, 2);
INSERT INTO public.vote_versions VALUES (2, 2);
INSERT INTO public.votes VALUES (1, 1, 1, 'U0GRACE', false, '', '', 'sandbox-small', 1796016690.066792);
INSERT INTO public.votes VALUES (2, 1, 1, 'U0ADA', true, '', '', 'sandbox-small', 1796016691.016554);
INSERT INTO public.workers VALUES ('vm:3eeb2d96-71b7-46ad-aea3-e372757a4b95', 'vm', 1796016692.509339);
INSERT INTO public.workers VALUES ('vm:37fa148a-d94f-4a23-8e07-2c0b3d76529d', 'vm', 1796016710.773017);
SELECT pg_catalog.setval('public.budgets_id_seq', 2, true);
SELECT pg_catalog.setval('public.calls_id_seq', 16, true);
SELECT pg_catalog.setval('public.conversations_id_seq', 12, true);
SELECT pg_catalog.setval('public.grants_versions_id_seq', 3, true);
SELECT pg_catalog.setval('public.steering_versions_id_seq', 4, true);
SELECT pg_catalog.setval('public.summaries_id_seq', 2, true);
SELECT pg_catalog.setval('public.turns_id_seq', 21, true);
SELECT pg_catalog.setval('public.votes_id_seq', 2, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.budgets
    ADD CONSTRAINT pk_budgets PRIMARY KEY (id);
ALTER TABLE ONLY public.calls
    ADD CONSTRAINT pk_calls PRIMARY KEY (id);
ALTER TABLE ONLY public.chores
    ADD CONSTRAINT pk_chores PRIMARY KEY (name);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT pk_conversations PRIMARY KEY (id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT pk_deliveries PRIMARY KEY (platform, workspace, id);
ALTER TABLE ONLY public.drafts
    ADD CONSTRAINT pk_drafts PRIMARY KEY (platform, workspace, channel, root);
ALTER TABLE ONLY public.grants_versions
    ADD CONSTRAINT pk_grants_versions PRIMARY KEY (id);
ALTER TABLE ONLY public.lessons
    ADD CONSTRAINT pk_lessons PRIMARY KEY (server, model, subject);
ALTER TABLE ONLY public.loads
    ADD CONSTRAINT pk_loads PRIMARY KEY (worker, platform, workspace);
ALTER TABLE ONLY public.pages
    ADD CONSTRAINT pk_pages PRIMARY KEY (turn_id, page);
ALTER TABLE ONLY public.refusals
    ADD CONSTRAINT pk_refusals PRIMARY KEY (platform, workspace, name);
ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT pk_reservations PRIMARY KEY (turn_id);
ALTER TABLE ONLY public.secrets
    ADD CONSTRAINT pk_secrets PRIMARY KEY (name);
ALTER TABLE ONLY public.steering_versions
    ADD CONSTRAINT pk_steering_versions PRIMARY KEY (id);
ALTER TABLE ONLY public.summaries
    ADD CONSTRAINT pk_summaries PRIMARY KEY (id);
ALTER TABLE ONLY public.tallies
    ADD CONSTRAINT pk_tallies PRIMARY KEY (platform, workspace, dimension, span, period, subject);
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT pk_turns PRIMARY KEY (id);
ALTER TABLE ONLY public.variants
    ADD CONSTRAINT pk_variants PRIMARY KEY (turn_id, number);
ALTER TABLE ONLY public.vote_versions
    ADD CONSTRAINT pk_vote_versions PRIMARY KEY (vote_id, version_id);
ALTER TABLE ONLY public.votes
    ADD CONSTRAINT pk_votes PRIMARY KEY (id);
ALTER TABLE ONLY public.workers
    ADD CONSTRAINT pk_workers PRIMARY KEY (id);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT uq_conversations_platform UNIQUE (platform, workspace, channel, root);
ALTER TABLE ONLY public.grants_versions
    ADD CONSTRAINT uq_grants_versions_platform UNIQUE (platform, workspace, channel, number);
ALTER TABLE ONLY public.steering_versions
    ADD CONSTRAINT uq_steering_versions_platform UNIQUE (platform, workspace, channel, root, number);
ALTER TABLE ONLY public.summaries
    ADD CONSTRAINT uq_summaries_until_turn UNIQUE (until_turn);
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT uq_turns_platform UNIQUE (platform, workspace, channel, message_id);
ALTER TABLE ONLY public.votes
    ADD CONSTRAINT uq_votes_turn_id UNIQUE (turn_id, variant, voter_id);
CREATE INDEX ix_budgets_scope ON public.budgets USING btree (platform, workspace, scope, subject);
CREATE INDEX ix_calls_day ON public.calls USING btree (day);
CREATE INDEX ix_calls_turn_id ON public.calls USING btree (turn_id);
CREATE INDEX ix_deliveries_at ON public.deliveries USING btree (at);
CREATE INDEX ix_drafts_expires_at ON public.drafts USING btree (expires_at);
CREATE INDEX ix_reservations_workspace ON public.reservations USING btree (workspace);
CREATE INDEX ix_summaries_conversation_id ON public.summaries USING btree (conversation_id);
CREATE INDEX ix_turns_author_id ON public.turns USING btree (author_id, id);
CREATE INDEX ix_turns_open ON public.turns USING btree (conversation_id, sent_at, id) WHERE (status = ANY (ARRAY['answered'::text, 'answering'::text, 'waiting'::text]));
CREATE INDEX ix_turns_said ON public.turns USING btree (conversation_id, sent_at, id) WHERE (status = ANY (ARRAY['answered'::text, 'done'::text, 'failed'::text, 'noted'::text, 'stopped'::text]));
CREATE INDEX ix_turns_stopping ON public.turns USING btree (owner) WHERE ((owner IS NOT NULL) AND (stopped_by IS NOT NULL));
CREATE INDEX ix_vote_versions_version_id ON public.vote_versions USING btree (version_id);
CREATE INDEX ix_votes_at ON public.votes USING btree (at);
CREATE INDEX ix_votes_voter_id ON public.votes USING btree (voter_id);
CREATE UNIQUE INDEX uq_turns_owned ON public.turns USING btree (conversation_id) WHERE (owner IS NOT NULL);
ALTER TABLE ONLY public.calls
    ADD CONSTRAINT fk_calls_turn_id_turns FOREIGN KEY (turn_id) REFERENCES public.turns(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.pages
    ADD CONSTRAINT fk_pages_turn_id_turns FOREIGN KEY (turn_id) REFERENCES public.turns(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT fk_reservations_turn_id_turns FOREIGN KEY (turn_id) REFERENCES public.turns(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.summaries
    ADD CONSTRAINT fk_summaries_conversation_id_conversations FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.summaries
    ADD CONSTRAINT fk_summaries_until_turn_turns FOREIGN KEY (until_turn) REFERENCES public.turns(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT fk_turns_conversation_id_conversations FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.variants
    ADD CONSTRAINT fk_variants_turn_id_turns FOREIGN KEY (turn_id) REFERENCES public.turns(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.vote_versions
    ADD CONSTRAINT fk_vote_versions_vote_id_votes FOREIGN KEY (vote_id) REFERENCES public.votes(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.votes
    ADD CONSTRAINT fk_votes_turn_id_turns FOREIGN KEY (turn_id) REFERENCES public.turns(id) ON DELETE CASCADE;
