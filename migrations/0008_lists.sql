-- Lists of a working day: rows that patient_status keeps beside the standing, from the same fold.

-- What must my team do, by when?
CREATE TABLE worklist (
    journey_id uuid NOT NULL,
    audience text NOT NULL,
    item integer NOT NULL,
    step text NOT NULL,
    title text,
    subject_id uuid,
    due timestamptz,
    warn_at timestamptz,
    owner text,
    team text,
    person text,
    waits_for text[] NOT NULL,
    blocked boolean NOT NULL,
    since timestamptz NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (journey_id, audience, item)
);
CREATE INDEX worklist_due ON worklist (due, journey_id, item);
CREATE INDEX worklist_team ON worklist (team, due, journey_id, item);
CREATE INDEX worklist_owner ON worklist (owner, due, journey_id, item);

-- Who is asked to take which patient over, and who has?
CREATE TABLE handoff_board (
    journey_id uuid NOT NULL,
    audience text NOT NULL,
    handoff_id uuid NOT NULL,
    status text NOT NULL,
    kind text,
    severity text,
    from_team text,
    to_team text,
    to_person text,
    level bigint NOT NULL,
    offered_at timestamptz,
    due timestamptz,
    since timestamptz NOT NULL,
    open_actions integer NOT NULL,
    open_questions integer NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (journey_id, audience, handoff_id)
);
CREATE INDEX handoff_board_due ON handoff_board (due, journey_id, handoff_id);
CREATE INDEX handoff_board_to ON handoff_board (to_team, due, journey_id, handoff_id);

-- Whom are we still waiting on?
CREATE TABLE open_referral (
    journey_id uuid NOT NULL,
    audience text NOT NULL,
    referral_id uuid NOT NULL,
    status text NOT NULL,
    number text,
    service text,
    priority text NOT NULL,
    performer text,
    owner text,
    team text,
    sent_at timestamptz,
    due timestamptz,
    appointment timestamptz,
    since timestamptz NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (journey_id, audience, referral_id)
);
CREATE INDEX open_referral_since ON open_referral (since, journey_id, referral_id);
CREATE INDEX open_referral_team ON open_referral (team, since, journey_id, referral_id);

-- What has a payer to decide, what runs out, what is left?
CREATE TABLE authorization_status (
    journey_id uuid NOT NULL,
    audience text NOT NULL,
    authorization_id uuid NOT NULL,
    status text NOT NULL,
    number text,
    service text,
    payer text,
    urgency text NOT NULL,
    team text,
    submitted_at timestamptz,
    due timestamptz,
    valid_from date,
    valid_until date,
    granted bigint,
    used bigint NOT NULL,
    remaining bigint,
    unit text,
    since timestamptz NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (journey_id, audience, authorization_id)
);
CREATE INDEX authorization_status_since ON authorization_status (since, journey_id, authorization_id);
CREATE INDEX authorization_status_team ON authorization_status (team, since, journey_id, authorization_id);
CREATE INDEX authorization_status_until ON authorization_status (valid_until) WHERE valid_until IS NOT NULL;

-- Who comes today, who is not booked yet, who did not come?
CREATE TABLE visit_list (
    journey_id uuid NOT NULL,
    audience text NOT NULL,
    visit_id uuid NOT NULL,
    status text NOT NULL,
    service text,
    encounter_class text,
    starts_at timestamptz,
    ends_at timestamptz,
    location text,
    team text,
    begun_at timestamptz,
    ended_at timestamptz,
    sorted_at timestamptz NOT NULL,
    since timestamptz NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (journey_id, audience, visit_id)
);
CREATE INDEX visit_list_at ON visit_list (sorted_at, journey_id, visit_id);
CREATE INDEX visit_list_team ON visit_list (team, sorted_at, journey_id, visit_id);
CREATE INDEX visit_list_status ON visit_list (status, sorted_at, journey_id, visit_id);
COMMENT ON COLUMN visit_list.sorted_at IS 'The agreed start; where none is agreed, since when it is as it is.';

-- What stands in patients' way, and who sees to it?
CREATE TABLE open_barrier (
    journey_id uuid NOT NULL,
    audience text NOT NULL,
    barrier_id uuid NOT NULL,
    status text NOT NULL,
    code text,
    what text NOT NULL,
    blocks text[] NOT NULL,
    owner text,
    team text,
    due timestamptz,
    since timestamptz NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (journey_id, audience, barrier_id)
);
CREATE INDEX open_barrier_since ON open_barrier (since, journey_id, barrier_id);
CREATE INDEX open_barrier_team ON open_barrier (team, since, journey_id, barrier_id);
