"""Settings of one installation: environment variables with the prefix TRAINYARD_, each with a default."""

import os
import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import PydanticBaseSettingsSource as Source

PREFIX = "TRAINYARD_"
FILE = "_FILE"
"""What ends the name of a variable that names a file with the value of a setting."""
ORIGIN = re.compile(r"https?://[a-zA-Z0-9.-]+(:\d{1,5})?")
"""A site, as browsers name it."""


class Settings(BaseSettings):
    """Paths and limits of one installation."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        use_attribute_docstrings=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a value may be a secret
    )

    home: Path = Path("~/.trainyard")
    """Folder of all state: the database, runs, datasets and caches."""
    database_url: str = Field(default="", repr=False)
    """SQLAlchemy URL of the store. Empty: SQLite in the home folder. PostgreSQL: postgresql+psycopg://user@host/name."""
    artifacts: str = ""
    """URL under which all machines keep the files of runs, such as s3://bucket/trainyard (fsspec). Empty: on this machine alone."""
    slots: int = Field(default=0, ge=0, le=64)
    """Number of runs that train at once. 0: one per GPU, or one on a machine without a GPU."""
    gpus_per_slot: int = Field(default=1, ge=1, le=16)
    """Number of GPUs that each run may use at the same time. A run that uses fewer leaves the others of its slot idle."""
    local_machines: int = Field(default=1, ge=1, le=16)
    """Number of processes of this machine that may train one run together as if each were a machine: to try a setting of several."""
    machine_silent_seconds: float = Field(default=8.0, gt=2)
    """Time without a sign of life after which one of the machines of a run counts as lost, and the run begins at its checkpoint."""
    machine_join_seconds: float = Field(default=120.0, gt=0)
    """Time that the first of several machines waits for the others to begin and to have prepared the data."""
    machine_port: int = Field(default=8470, ge=1024, le=65_000)
    """On a Ray cluster, the first of 100 TCP ports of each node by which the machines of a run talk to each other."""
    max_queued_runs: int = Field(default=200, ge=1)
    """Number of runs that may wait in the queue; further ones are refused."""
    worker_memory_mb: int = Field(default=0, ge=0)
    """Memory that a run may take besides TensorFlow itself, in MB. 0: no limit. A run that exceeds it fails."""
    max_attempts: int = Field(default=3, ge=1)
    """Number of times a run is restarted automatically after its machine or executor disappeared."""
    executor_idle_seconds: float = Field(default=300.0, gt=0)
    """Time that an executor started by a dashboard outlives the last dashboard when nothing is queued or running."""
    ray_cpus_per_run: float = Field(default=1.0, gt=0)
    """CPU cores of a Ray node that each run takes; its GPUs come from the run."""
    ray_silent_seconds: float = Field(default=8.0, gt=2)
    """Time without a heartbeat after which a run on a Ray cluster counts as lost with its node, and continues on another one."""
    stop_grace_seconds: float = Field(default=20.0, gt=0)
    """Time that a worker has to obey a stop before its process group is killed."""
    requeue_at_stop: bool = False
    """Whether a terminated executor has its runs write checkpoints and queues them again, as containers need. Off: they train on."""
    heartbeat_timeout_seconds: float = Field(default=30.0, gt=1)
    """Time without a heartbeat after which a worker or executor counts as dead."""
    database_patience_seconds: float = Field(default=300.0, ge=0)
    """Time that a run trains on while its PostgreSQL server cannot be reached; its curves are kept and written afterwards."""
    stop_evaluation_seconds: float = Field(default=10.0, ge=0)
    """A stopped run is evaluated at once where that is estimated to take no longer. 0: only when somebody asks for it."""
    checkpoint_seconds: float = Field(default=1.0, ge=0)
    """Minimum time between checkpoints: shorter epochs share one. A stop always writes one; the best epoch is kept anyway."""
    kept_epochs: int = Field(default=10, ge=0)
    """Number of epochs of a run whose checkpoints are kept for forks: the newest, the best and others spread evenly."""
    probe_examples: int = Field(default=12, ge=0, le=100)
    """Number of validation examples that are answered at epoch ends and shown on the page of a run; 0 for none."""
    probe_epochs: int = Field(default=200, ge=1)
    """About how many epochs of a run keep their answers to these examples at most: longer runs skip some."""
    probe_grid: int = Field(default=40, ge=0, le=100)
    """Points on each side of the map of a network's answers to rows of a table, drawn while it trains; 0 for no map."""
    compared_examples: int = Field(default=1_000, ge=20)
    """Number of validation examples with which an input is compared, to warn when it is unlike the data."""
    unlike_share: float = Field(default=0.04, ge=0, le=0.2)
    """Share of ordinary inputs that may be called unlike the data by mistake; more: more that is unlike is found. 0: no warnings."""
    occluded_parts: int = Field(default=196, ge=1, le=2_000)
    """Largest number of parts of an input that are hidden one after the other to see what mattered; each takes a prediction."""
    interval_level: float = Field(default=0.9, ge=0.5, lt=1.0)
    """Share of true values that the interval of a predicted number is made to contain. Of runs that are evaluated from now on."""
    max_steering: int = Field(default=100, ge=1)
    """Number of learning-rate changes that one run may have while it trains."""
    disk_budget_mb: int = Field(default=20_000, ge=100)
    """Disk space for runs, in MB. Over it, kept epochs of the oldest ended runs are deleted first, then checkpoints; models last."""
    min_free_disk_mb: int = Field(default=200, ge=0)
    """Free disk space below which no run is started, in MB."""
    cache_budget_mb: int = Field(default=10_000, ge=100)
    """Disk space for prepared datasets, in MB. Over it, the least recently used are deleted first."""
    max_resident_mb: int = Field(default=4_000, ge=1)
    """Largest training split that is held in memory while training, in MB; a larger one is read from disk."""
    baseline_seconds: float = Field(default=60.0, gt=0)
    """Time that the search for a baseline may take, once for each dataset; after it, the best so far counts."""
    baseline_examples: int = Field(default=10_000, ge=10)
    """Number of random training examples on which a baseline is chosen; it is then fitted on as many as time allows."""
    max_baseline_mb: int = Field(default=2_000, ge=1)
    """Memory that the features of a baseline may take, in MB; on a large dataset, fewer examples are used to fit it."""
    max_versions_mb: int = Field(default=2_000, ge=1)
    """Largest size of the versions that augmentation makes of a training split, in MB; fewer are made if they would not fit."""
    max_outcomes_mb: int = Field(default=500, ge=1)
    """Largest size of the outputs that one evaluation keeps for a split, in MB; beyond it, only the scores are kept."""
    max_step_points: int = Field(default=2_000, ge=100)
    """Maximum number of step-level points kept for one series of one run; longer runs are thinned by a stride."""
    max_upload_mb: int = Field(default=200, ge=1)
    """Largest uploaded file, in MB."""
    max_archive_mb: int = Field(default=2_000, ge=1)
    """Largest unpacked size of an uploaded zip, in MB."""
    max_archive_files: int = Field(default=200_000, ge=1)
    """Maximum number of files in an uploaded zip or a folder."""
    max_recorded_classes: int = Field(default=12, ge=2)
    """Maximum number of classes recorded by camera or microphone for one dataset."""
    max_recorded_examples: int = Field(default=200, ge=3)
    """Maximum number of examples recorded for one class."""
    max_recorded_mb: int = Field(default=50, ge=1)
    """Memory that the recorded examples of one visitor may take until a dataset is made of them, in MB."""
    recorded_clip_seconds: float = Field(default=1.0, ge=0.1, le=60)
    """Length of the clips into which a recording by microphone is cut, in seconds."""
    max_labellings: int = Field(default=20, ge=1)
    """Number of labellings that one person may have at a time: pictures that are not yet a dataset."""
    max_labelling_pictures: int = Field(default=1_000, ge=10)
    """Maximum number of pictures in one labelling."""
    max_labelling_classes: int = Field(default=40, ge=2)
    """Maximum number of classes in one labelling."""
    max_labellings_mb: int = Field(default=300, ge=1)
    """Size of the pictures in all labellings of one person together, in MB. They are in the database."""
    live_frames_per_second: float = Field(default=2.0, gt=0, le=10)
    """Camera frames per second that the demo page predicts at most in live mode."""
    import_seconds: float = Field(default=1_800.0, gt=0)
    """Time that one import of images, audio clips or texts may take; beyond it, nothing is kept."""
    import_memory_mb: int = Field(default=8_000, ge=0)
    """Memory that the process which reads one upload may take, in MB. 0: no limit. An upload that needs more is refused."""
    max_classes: int = Field(default=1_000, ge=2)
    """Maximum number of classes of an imported dataset."""
    max_catalogue: int = Field(default=20_000, ge=10)
    """Maximum number of items that are recommended from; of more, those that were chosen most often are kept."""
    own_data_budget_mb: int = Field(default=20_000, ge=1)
    """Disk space for imported datasets, in MB; an import that exceeds it is refused."""
    max_inspected: int = Field(default=20_000, ge=100)
    """Maximum number of examples that a health check compares or learns from; a larger dataset is sampled."""
    inspection_seconds: float = Field(default=120.0, gt=1)
    """Time that one health check of a dataset may take."""
    inspection_memory_mb: int = Field(default=4_000, ge=500)
    """Memory that one health check may take, in MB; a check that exceeds it is ended."""
    max_image_pixels: int = Field(default=40_000_000, ge=1)
    """Maximum number of pixels of one image; a larger one is refused before it is decoded."""
    max_image_scans: int = Field(default=100, ge=1)
    """Maximum number of scans of one JPEG: programs write about ten, and each takes as long as decoding the image once."""
    max_image_mb: int = Field(default=32, ge=1)
    """Largest image file, in MB."""
    max_clip_mb: int = Field(default=120, ge=1)
    """Largest audio file, in MB."""
    max_clip_seconds: int = Field(default=600, ge=1)
    """Longest audio clip that is decoded, in seconds; decoding ends as soon as a clip proves longer."""
    max_speech_seconds: float = Field(default=15.0, ge=1, le=120)
    """Longest recording that is transcribed, or kept as an example with its transcript, in seconds."""
    max_clip_channels: int = Field(default=8, ge=1)
    """Maximum number of channels of one audio clip; they are mixed to one."""
    max_boxes: int = Field(default=1_000, ge=1)
    """Most boxes of one imported picture."""
    max_table_mb: int = Field(default=100, ge=1)
    """Largest table, in MB: as a file, and for Parquet also what it unpacks to."""
    max_table_rows: int = Field(default=1_000_000, ge=1)
    """Maximum number of rows of one table."""
    max_table_columns: int = Field(default=1_000, ge=1)
    """Maximum number of columns of one table."""
    max_table_cells: int = Field(default=20_000_000, ge=1)
    """Maximum number of cells of one table, rows times columns; missing ones count, since they take memory too."""
    max_cell_characters: int = Field(default=100_000, ge=1)
    """Maximum number of characters in one cell of a table; a row with a longer cell is left out and reported."""
    max_cover_examples: int = Field(default=20_000, ge=1)
    """Maximum number of examples of a dataset that is prepared only for its picture; a larger one has a picture once opened."""
    max_dataset_mb: int = Field(default=8_000, ge=1)
    """Largest size of an imported dataset as arrays in memory, in MB; a larger one is refused."""
    max_text_characters: int = Field(default=100_000, ge=1)
    """Maximum number of characters of one text; a longer one is refused."""
    max_category_values: int = Field(default=200, ge=1)
    """Maximum number of values of a category column that a network distinguishes; the rarer ones share one place."""
    max_predictions: int = Field(default=64, ge=1)
    """Maximum number of files in one prediction request."""
    max_enrolled: int = Field(default=50, ge=1)
    """Maximum number of pictures in the gallery of a run."""
    max_predicted_rows: int = Field(default=10_000, ge=1)
    """Maximum number of table rows in one prediction request."""
    max_instances: int = Field(default=10_000, ge=1)
    """Maximum number of inputs in one JSON request to the API, and in one batch of the demo."""
    max_batch: int = Field(default=128, ge=1)
    """Maximum number of inputs that go through a network at once, from any number of requests; more are split up."""
    max_script_data_mb: int = Field(default=100, ge=1)
    """Largest data of a run, in MB, that a page packs with its script; for larger data it shows the command that writes it."""
    report_examples: int = Field(default=12, ge=0, le=100)
    """Number of examples of each kind, such as right and wrong ones, that the report of a run shows at most; 0 for none."""
    max_report_mb: int = Field(default=5, ge=1)
    """Largest report of a run, in MB; a larger one is written without examples."""
    api: bool = True
    """Whether the dashboard serves predictions over HTTP under /api/v1. Off: there is nothing at that address."""
    max_name_characters: int = Field(default=120, ge=1, le=120)
    """Most characters in the name of a run or a study."""
    max_note_characters: int = Field(default=4_000, ge=1)
    """Most characters in the note of a run or a study."""
    max_notice_characters: int = Field(default=500, ge=1)
    """Most characters in the notice that admins put on every page. Shared mode only."""
    max_shares: int = Field(default=20, ge=1)
    """Number of share codes that one run may have. Shared mode only."""
    max_share_days: float = Field(default=90.0, gt=0)
    """Longest time for which a share code counts, in days. Shared mode only."""
    classroom_code_days: float = Field(default=14.0, gt=0)
    """Time for which people can join a classroom by its code, in days, unless the classroom ends before. Shared mode only."""
    classroom_submissions: int = Field(default=5, ge=1)
    """Number of runs that one member may submit to one assignment a day, unless the assignment says otherwise. Shared mode only."""
    classroom_scoring_seconds: float = Field(default=600.0, ge=1)
    """Time after which a submission that nobody has finished scoring is taken once more, in seconds. Shared mode only."""
    max_classroom_members: int = Field(default=500, ge=1)
    """Number of people who may join one classroom. Shared mode only."""
    max_assignments: int = Field(default=50, ge=1)
    """Number of assignments of one classroom. Shared mode only."""
    max_tags: int = Field(default=20, ge=1)
    """Most tags of one run or study."""
    max_tag_characters: int = Field(default=40, ge=1)
    """Most characters in one tag."""
    max_request_mb: int = Field(default=16, ge=1)
    """Largest request body of the API, in MB; a larger one is refused while it is read."""
    predict_timeout_seconds: float = Field(default=30.0, gt=0)
    """Time that a page waits for a prediction, a network diagram or an augmentation preview."""
    longest_wait_seconds: float = Field(default=60.0, ge=0)
    """Estimated wait for a prediction beyond which a request is refused at once, with a sentence. 0: only the queue is limited."""
    max_waiting_predictions: int = Field(default=16, ge=1)
    """Number of requests that may wait for the predictor; further ones are refused."""
    max_loaded_models: int = Field(default=4, ge=1)
    """Number of models that the predictor keeps in memory; the least recently used one is dropped."""
    max_compared_runs: int = Field(default=20, ge=2, le=100)
    """Number of runs that can be compared at once."""
    max_leaderboard_runs: int = Field(default=50, ge=1, le=1_000)
    """Maximum number of runs on the leaderboard of a dataset: the best ones."""
    confidence: float = Field(default=0.95, ge=0.5, lt=1.0)
    """Confidence level of intervals and verdicts: at 0.95, one in twenty comparisons of equal runs shows a difference."""
    bootstrap_draws: int = Field(default=2_000, ge=100, le=100_000)
    """Number of bootstrap resamples of the test examples for the interval of a difference. More: more stable, slower."""
    repeated_seeds: int = Field(default=3, ge=1, le=50)
    """Number of runs with other seeds that the button on the page of a run starts."""
    fetch_timeout_seconds: float = Field(default=30.0, gt=0)
    """Time without data after which a download is aborted."""
    mirror_url: str = ""
    """Base URL of a mirror with the files to fetch, as DATASET/FILE. Empty: their publishers. Hashes are checked."""
    pretrained: Path | None = None
    """Folder of pretrained networks that were fetched, such as one that several machines share. Empty: in the home folder."""
    plugins: str = ""
    """Modules to import, separated by commas: each registers its own tasks, datasets or models. They run with the program's rights."""
    owner: str = ""
    """Owner of runs started from a terminal. Empty: the login name."""
    mode: Literal["local", "shared"] = "local"
    """local: one person, no login, this machine only. shared: people log in, and everybody else is a visitor. See docs/accounts.md."""
    public: Literal["", "without-login"] = ""
    """without-login: local mode may listen on an address that other machines reach; whoever reaches it may do everything."""
    oidc_metadata_url: str = ""
    """Shared mode: address of the OpenID provider's metadata; it ends in /.well-known/openid-configuration."""
    oidc_client_id: str = ""
    """Shared mode: name under which the OpenID provider knows this dashboard."""
    oidc_client_secret: str = Field(default="", repr=False)
    """Shared mode: secret that the OpenID provider has given this dashboard."""
    oidc_redirect_uri: str = ""
    """Shared mode: address of this dashboard followed by /oauth2callback, as the OpenID provider knows it."""
    oidc_prompt: str = "select_account"
    """Shared mode: prompt that the OpenID provider is asked for: select_account, login or consent, as far as it knows them."""
    cookie_secret: str = Field(default="", repr=False)
    """Shared mode: long random text that signs the login cookie, the same for all replicas; a new one logs everybody out."""
    name_claim: str = "email"
    """Claim of the OpenID provider that names an account. An email that the provider calls unverified is refused."""
    trusted_proxies: str = ""
    """Addresses or networks of proxies that log people in, separated by commas. From any other address the header is dropped."""
    identity_header: str = ""
    """Header in which a trusted proxy names the person who is logged in, such as X-Forwarded-Email."""
    admins: str = ""
    """Accounts that are admins, separated by commas; @example.org stands for all of that domain."""
    members: str = ""
    """Accounts that are members, separated by commas; @example.org for all of that domain, * for everybody who logs in."""
    role_claim: str = ""
    """Claim of the OpenID provider that lists a person's groups, such as groups. Read at each login."""
    admin_group: str = ""
    """Group in the role claim whose people are admins."""
    member_group: str = ""
    """Group in the role claim whose people are members."""
    session_idle_minutes: float = Field(default=480.0, gt=0)
    """Time without an action in the browser after which a person has to log in again, in minutes."""
    session_hours: float = Field(default=168.0, gt=0)
    """Time after which a person has to log in again whatever happens, in hours."""
    member_device_minutes: float = Field(default=480.0, ge=0)
    """Shared mode: minutes that the runs of one member may train a day, all together; a day begins at midnight UTC. 0: no limit."""
    member_runs_at_once: int = Field(default=2, ge=0)
    """Shared mode: number of runs of one member that train at once. 0: no limit."""
    member_queued_runs: int = Field(default=50, ge=0)
    """Shared mode: number of runs of one member that may wait in the queue; further ones are refused. 0: no limit."""
    member_disk_mb: int = Field(default=20_000, ge=0)
    """Shared mode: disk space for the runs and imported datasets of one member, in MB; over it, none can be added. 0: no limit."""
    unknown_run_minutes: float = Field(default=10.0, gt=0)
    """Shared mode: minutes held against the budget for a run whose duration cannot be estimated yet."""
    fair_share_hours: int = Field(default=24, ge=1, le=720)
    """Shared mode: the runs of whoever has trained least in this many hours go first."""
    short_run_minutes: float = Field(default=5.0, ge=0)
    """Shared mode: a run estimated to take at most this many minutes may interrupt a long one at a checkpoint. 0: none may."""
    preempt_after_minutes: float = Field(default=30.0, ge=1)
    """Shared mode: a run may be interrupted for a short one only after it has trained this long without a break, in minutes."""
    charge_seconds: float = Field(default=10.0, ge=1, le=600)
    """Shared mode: time between two entries of what running runs have used, in seconds."""
    audit_days: float = Field(default=365.0, gt=0)
    """Time that the audit log keeps who did what, in days. Shared mode only."""
    max_audit_entries: int = Field(default=100_000, ge=100)
    """Largest number of entries in the audit log; the oldest are dropped first."""
    allowed_hosts: str = ""
    """Host names of this server, separated by commas: demo.example.org or *.example.org. IP addresses and localhost always work."""
    frame_origins: str = ""
    """Sites that may show pages of this server in a frame, separated by commas, such as https://example.org. Empty: only this server."""
    max_open_requests: int = Field(default=1_000, ge=10)
    """Number of requests and open pages at once; further ones are refused."""
    max_header_kb: int = Field(default=64, ge=8)
    """Largest headers of one request, cookies included, in kB."""
    body_idle_seconds: float = Field(default=30.0, gt=0)
    """Time without data after which an upload is ended."""
    upload_timeout_seconds: float = Field(default=1_800.0, gt=0)
    """Time that one upload may take in total."""
    predictor_memory_mb: int = Field(default=8_000, ge=0)
    """Memory that the predictor may take besides TensorFlow itself, in MB. 0: no limit. If it needs more, it ends and starts anew."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,
    ) -> tuple[Source, ...]:
        """Ask arguments first, then the environment, then the files that it names."""
        return init_settings, env_settings, _Files(settings_cls)

    @classmethod
    def secrets(cls) -> list[str]:
        """Return the names of the settings that may hold a secret: they are never shown, logged or handed on."""
        return [name for name, info in cls.model_fields.items() if not info.repr]

    @field_validator("frame_origins")
    @classmethod
    def _name_origins(cls, value: str) -> str:
        wrong = [one.strip() for one in value.split(",") if one.strip() and not ORIGIN.fullmatch(one.strip())]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no origin; expected one such as https://example.org")
        return value

    metrics_token: str = Field(default="", repr=False)
    """Secret with which Prometheus reads /metrics, sent as Authorization: Bearer. Empty: there is nothing at that address."""
    log_format: Literal["text", "json"] = "text"
    """json: dashboard, executor and workers write a JSON object a line to standard error, with the ids of run and user."""
    start_executor: bool = True
    """Whether a dashboard starts an executor where none is alive. Off where an executor has a container of its own."""
    token_days: float = Field(default=90.0, gt=0)
    """Time after which a token for programs expires, in days. Of tokens that are made from now on."""
    max_tokens: int = Field(default=20, ge=1)
    """Number of tokens that one person may have."""
    token_requests_per_minute: int = Field(default=120, ge=0)
    """Shared mode: requests that one token may make in a minute. 0: no limit."""
    visitor_predictions_per_minute: int = Field(default=120, ge=0)
    """Shared mode: predictions in a minute for one visitor, by a signed cookie, or by address without one. 0: no limit."""
    member_predictions_per_minute: int = Field(default=1_200, ge=0)
    """Shared mode: predictions in a minute for one person who is logged in, tokens included. 0: no limit."""
    address_predictions_per_minute: int = Field(default=3_000, ge=0)
    """Shared mode: predictions in a minute for all browsers behind one address, IPv6 by /64: enough for a class. 0: no limit."""
    demo_predictions_per_minute: int = Field(default=6_000, ge=0)
    """Shared mode: predictions in a minute with one demo or run, by everybody together. 0: no limit."""
    total_predictions_per_minute: int = Field(default=12_000, ge=0)
    """Shared mode: predictions in a minute by everybody together. 0: no limit."""
    visitor_opened_files_per_minute: int = Field(default=1_800, ge=0)
    """Shared mode: files that pages open in a minute, to show them, for one visitor. 0: no limit."""
    member_opened_files_per_minute: int = Field(default=6_000, ge=0)
    """Shared mode: files that pages open in a minute, to show them, for one person who is logged in. 0: no limit."""
    address_opened_files_per_minute: int = Field(default=30_000, ge=0)
    """Shared mode: files that pages open in a minute for all browsers behind one address. 0: no limit."""
    visitor_upload_mb_per_hour: int = Field(default=2_000, ge=0)
    """Shared mode: uploads on pages in an hour from one browser, in MB. 0: no limit."""
    address_upload_mb_per_hour: int = Field(default=20_000, ge=0)
    """Shared mode: uploads on pages in an hour from all browsers behind one address, in MB. 0: no limit."""
    visitor_attempts_per_hour: int = Field(default=30, ge=0)
    """Shared mode: logins and codes that one browser or person may try in an hour. 0: no limit."""
    address_attempts_per_hour: int = Field(default=600, ge=0)
    """Shared mode: logins, codes and wrong tokens in an hour from all browsers behind one address. 0: no limit."""
    max_demos: int = Field(default=20, ge=1)
    """Number of published demos that one person may have."""
    max_demo_versions: int = Field(default=50, ge=1)
    """Number of versions that one published demo may have."""
    max_demo_origins: int = Field(default=10, ge=0)
    """Number of other sites that may show one published demo in a frame. 0: none, whatever its owner says."""
    max_wrong_answers: int = Field(default=0, ge=0)
    """Number of wrongly answered examples that visitors may send to the owner of one demo, if they agree. 0: nothing is kept."""
    max_wrong_answer_kb: int = Field(default=2_000, ge=1)
    """Largest example that is kept as wrongly answered, in kB."""
    wrong_answer_days: float = Field(default=30.0, gt=0)
    """Time after which a wrongly answered example is deleted, in days."""

    @cached_property
    def home_path(self) -> Path:
        """`home` with `~` resolved."""
        return self.home.expanduser().resolve()

    @property
    def runs_path(self) -> Path:
        """One folder a run: log, checkpoints, model, evaluation."""
        return self.home_path / "runs"

    @property
    def datasets_path(self) -> Path:
        """Fetched and uploaded datasets, as they came."""
        return self.home_path / "datasets"

    @property
    def pretrained_path(self) -> Path:
        """Files of pretrained networks, a folder each."""
        return self.pretrained.expanduser().resolve() if self.pretrained else self.home_path / "pretrained"

    @property
    def cache_path(self) -> Path:
        """Prepared datasets by content hash; safe to delete."""
        return self.home_path / "cache"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.home_path / 'trainyard.db'}"


class _Files(Source):
    """Values from files, as Docker and Kubernetes hand out secrets: `TRAINYARD_COOKIE_SECRET_FILE=/run/secrets/cookie`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the content of the file of one setting, None where none is named."""
        named = os.environ.get(f"{PREFIX}{field_name.upper()}{FILE}")
        if not named:
            return None, field_name, False
        try:
            return Path(named).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(
                f"{PREFIX}{field_name.upper()}{FILE} names {named}, which cannot be read ({type(error).__name__})."
            ) from None

    def __call__(self) -> dict[str, Any]:
        """Return the values of all settings with a file."""
        found = {name: self.get_field_value(info, name)[0] for name, info in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def child_environment(**added: str) -> dict[str, str]:
    """Return the environment for a process that decodes files of people: without the secrets that only the server needs.

    The database is left: workers and the predictor ask it.
    """
    taken = withheld_variables()
    return {name: value for name, value in os.environ.items() if name not in taken} | added


def withheld_variables() -> set[str]:
    """Return the environment variables with secrets that only the server needs."""
    withheld = {f"{PREFIX}{name.upper()}" for name in Settings.secrets() if name != "database_url"}
    return {*withheld, *(f"{name}{FILE}" for name in withheld), "STREAMLIT_SERVER_COOKIE_SECRET"}


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read from the environment once."""
    return Settings()
