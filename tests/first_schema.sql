BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	run_id INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT fk_events_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "events" VALUES(1,1,1700000000.0,'queued','Queued.');
INSERT INTO "events" VALUES(2,1,1700000000.0,'started','Started on cpu-0 (attempt 1).');
INSERT INTO "events" VALUES(3,1,1700000000.0,'completed','Completed.');
CREATE TABLE executors (
	name VARCHAR(32) NOT NULL, 
	holder VARCHAR(120) NOT NULL, 
	heartbeat_at FLOAT NOT NULL, 
	info JSON NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE fetches (
	name VARCHAR(64) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	done_bytes BIGINT DEFAULT '0' NOT NULL, 
	total_bytes BIGINT DEFAULT '0' NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE metrics (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	run_id INTEGER NOT NULL, 
	split VARCHAR(16) NOT NULL, 
	name VARCHAR(48) NOT NULL, 
	scope VARCHAR(8) NOT NULL, 
	step INTEGER NOT NULL, 
	epoch FLOAT NOT NULL, 
	value FLOAT, 
	at FLOAT NOT NULL, 
	CONSTRAINT fk_metrics_run_id FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
);
INSERT INTO "metrics" VALUES(1,1,'train','loss','epoch',43,1.0,0.25,1700000001.0);
INSERT INTO "metrics" VALUES(2,1,'validation','accuracy','epoch',43,1.0,0.9375,1700000001.0);
CREATE TABLE runs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	state VARCHAR(16) NOT NULL, 
	task VARCHAR(64) NOT NULL, 
	dataset VARCHAR(64) NOT NULL, 
	model VARCHAR(64) NOT NULL, 
	spec JSON NOT NULL, 
	owner VARCHAR(120) DEFAULT '' NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	request VARCHAR(16) DEFAULT '' NOT NULL, 
	attempt INTEGER DEFAULT '0' NOT NULL, 
	epoch INTEGER DEFAULT '0' NOT NULL, 
	step INTEGER DEFAULT '0' NOT NULL, 
	total_epochs INTEGER DEFAULT '0' NOT NULL, 
	total_steps INTEGER DEFAULT '0' NOT NULL, 
	best JSON NOT NULL, 
	curve JSON NOT NULL, 
	result JSON NOT NULL, 
	environment JSON NOT NULL, 
	slot VARCHAR(32) DEFAULT '' NOT NULL, 
	worker JSON NOT NULL, 
	created_at FLOAT NOT NULL, 
	queued_at FLOAT NOT NULL, 
	started_at FLOAT, 
	ended_at FLOAT, 
	heartbeat_at FLOAT
);
INSERT INTO "runs" VALUES(1,'completed','image-classification','digits','mlp','{"task": {"name": "image-classification", "loss": "cross-entropy", "label_smoothing": 0.0, "class_weights": false}, "dataset": {"name": "digits", "validation_fraction": 0.1, "split_seed": 0, "test_fraction": 0.15}, "model": {"name": "mlp", "units": 128, "depth": 1, "dropout": 0.2, "activation": "relu", "batch_normalisation": false, "l1": 0.0, "l2": 0.0}, "optimizer": {"name": "adam", "learning_rate": 0.001, "clip_norm": 0.0, "beta_1": 0.9, "beta_2": 0.999}, "schedule": {"name": "constant"}, "augmentation": {"name": "image", "flip": "none", "rotation": 0.0, "shift": 0.0, "zoom": 0.0, "contrast": 0.0}, "training": {"epochs": 40, "batch_size": 32, "patience": 8, "seed": 0, "deterministic": false, "device": "auto", "mixed_precision": false}}','ada','','',1,1,43,40,0,'{"epoch": 1, "val_accuracy": 0.9375}','[0.9375]','{"test_accuracy": 0.9375}','{}','','{}',1700000000.0,1700000000.0,1700000000.0,1700000000.0,1700000000.0);
CREATE INDEX ix_runs_state_queued_at ON runs (state, queued_at);
CREATE INDEX ix_metrics_run_id_id ON metrics (run_id, id);
CREATE INDEX ix_events_run_id_id ON events (run_id, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',1);
INSERT INTO "sqlite_sequence" VALUES('events',3);
INSERT INTO "sqlite_sequence" VALUES('metrics',2);
COMMIT;
