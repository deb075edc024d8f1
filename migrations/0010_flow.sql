-- Flow: what became of many patients, as rows that patient_status keeps beside the standing, from the same fold.

-- How long was the patient in each stage of the pathway?
CREATE TABLE flow_stage (
    journey_id uuid NOT NULL,
    pathway text NOT NULL,
    version text NOT NULL,
    team text,
    place integer NOT NULL,
    stage text NOT NULL,
    number integer NOT NULL,
    nth integer NOT NULL,
    entered_at timestamptz NOT NULL,
    left_at timestamptz,
    PRIMARY KEY (journey_id, place)
);
CREATE INDEX flow_stage_entered ON flow_stage (pathway, entered_at);
COMMENT ON COLUMN flow_stage.place IS 'Of the stay, in the order of time, from 1.';
COMMENT ON COLUMN flow_stage.number IS 'Of the stage, in the definition, from 0.';
COMMENT ON COLUMN flow_stage.nth IS 'Of the stays in this stage, in the order of time, from 1.';
COMMENT ON COLUMN flow_stage.left_at IS 'Null while the patient is there.';

-- When was each milestone reached, and was that late?
CREATE TABLE flow_milestone (
    journey_id uuid NOT NULL,
    pathway text NOT NULL,
    version text NOT NULL,
    team text,
    milestone text NOT NULL,
    number integer NOT NULL,
    began_at timestamptz NOT NULL,
    reached_at timestamptz,
    due timestamptz,
    late boolean,
    counted_from timestamptz NOT NULL,
    undone integer NOT NULL,
    undone_at timestamptz,
    earlier text,
    earlier_at timestamptz,
    PRIMARY KEY (journey_id, milestone)
);
CREATE INDEX flow_milestone_reached ON flow_milestone (pathway, reached_at);
COMMENT ON COLUMN flow_milestone.began_at IS 'When the pathway began.';
COMMENT ON COLUMN flow_milestone.reached_at IS 'Null where it is undone.';
COMMENT ON COLUMN flow_milestone.undone IS 'How often it was undone.';
COMMENT ON COLUMN flow_milestone.earlier IS 'The milestone that was reached right before.';

-- Which clocks run, which were stopped in time?
CREATE TABLE flow_clock (
    journey_id uuid NOT NULL,
    pathway text NOT NULL,
    version text NOT NULL,
    team text,
    clock text NOT NULL,
    run integer NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL,
    stopped_at timestamptz,
    due timestamptz,
    standard double precision,
    PRIMARY KEY (journey_id, clock, run)
);
CREATE INDEX flow_clock_started ON flow_clock (pathway, started_at);
COMMENT ON COLUMN flow_clock.state IS 'As the pathway says, or unfinished: still running when the journey was over.';

-- Who came, who did not, who left without being seen?
CREATE TABLE flow_visit (
    journey_id uuid NOT NULL,
    visit_id uuid NOT NULL,
    pathway text,
    team text,
    at timestamptz NOT NULL,
    booked boolean NOT NULL,
    came boolean NOT NULL,
    missed integer NOT NULL,
    left_unseen boolean NOT NULL,
    PRIMARY KEY (journey_id, visit_id)
);
CREATE INDEX flow_visit_at ON flow_visit (at);
COMMENT ON COLUMN flow_visit.at IS 'When it was to begin; without an appointment, when the patient came.';
COMMENT ON COLUMN flow_visit.missed IS 'How often an agreed time was missed.';

-- What was granted, what was denied?
CREATE TABLE flow_decision (
    journey_id uuid NOT NULL,
    authorization_id uuid NOT NULL,
    item integer NOT NULL,
    pathway text,
    team text,
    service text,
    denied boolean NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (journey_id, authorization_id, item)
);
CREATE INDEX flow_decision_at ON flow_decision (decided_at);
