// Package migration reads migration.yaml, the one file that says what a person wants, and knows where its state lies.
//
// Read migration.go (the fields), parse.go (text to value, with the line of each mistake), validate.go (what must hold).
package migration

import (
	"path"
	"path/filepath"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// Migration is the content of migration.yaml. The zero value of a field is its default.
type Migration struct {
	// Name names the migration in tags, snapshot names and the state folder; by default the source domain's name.
	Name string `yaml:"name,omitempty"`
	// Source is the old cluster, Target the new one.
	Source Side `yaml:"source"`
	Target Side `yaml:"target"`
	// AWS says how to reach AWS; needed when a side is a domain or the repository lies in S3.
	AWS AWS `yaml:"aws,omitempty"`
	// Repository is where snapshots go.
	Repository Repository `yaml:"repository,omitempty"`
	// Indices chooses what moves.
	Indices Indices `yaml:"indices,omitempty"`
	// Kibana says what happens to .kibana indices: migrate (default), keep-target or beside.
	Kibana string `yaml:"kibana,omitempty"`
	// Accept names findings (by the word in brackets) that would block the plan and that the person has decided about.
	Accept []string `yaml:"accept,omitempty"`
	// Leave names what stays behind beside the documents, by kind and name with *: pipeline/old-*, setting/search.*.
	Leave []string `yaml:"leave,omitempty"`
	// Transform decides how indices and documents are changed for a newer version.
	Transform transform.Choices `yaml:"transform,omitempty"`
	// Load limits what is sent to the target.
	Load LoadLimits `yaml:"load,omitempty"`
	// Writers are the programs that write to the source, in the order in which they move.
	Writers []Writer `yaml:"writers,omitempty"`
	// Cutover says how the writes move.
	Cutover Cutover `yaml:"cutover,omitempty"`
	// Retire says how the source ends.
	Retire Retire `yaml:"retire,omitempty"`

	folder string
}

// Side is one cluster: an AWS domain by name, or any URL.
type Side struct {
	// Domain is the name of an AWS domain.
	Domain string `yaml:"domain,omitempty"`
	// URL is the address of a cluster that is no AWS domain.
	URL string `yaml:"url,omitempty"`
	// Version is what the target domain is created with, such as 5.5 or OpenSearch_2.19.
	Version string `yaml:"version,omitempty"`
	// Auth is how requests are authenticated; domains are signed by default.
	Auth Auth `yaml:"auth,omitempty"`
	// Instances, when set, replaces what the target domain would take over from the source.
	Instances Instances `yaml:"instances,omitempty"`
}

// Instances overrides the model of the new domain.
type Instances struct {
	Type  string `yaml:"type,omitempty"`
	Count int    `yaml:"count,omitempty"`
}

// Auth names where secrets are; the secrets themselves never stand in the file.
type Auth struct {
	// User with PasswordEnv or PasswordFile is basic authentication.
	User         string `yaml:"user,omitempty"`
	PasswordEnv  string `yaml:"password_env,omitempty"`
	PasswordFile string `yaml:"password_file,omitempty"`
	// APIKeyEnv names the environment variable that holds an API key.
	APIKeyEnv string `yaml:"api_key_env,omitempty"`
	// SigV4 signs requests to a URL that is a domain under a name of its own.
	SigV4 bool `yaml:"sigv4,omitempty"`
	// Certificate and Key are files for mutual TLS, CA one to trust beside the system's.
	Certificate string `yaml:"certificate,omitempty"`
	Key         string `yaml:"key,omitempty"`
	CA          string `yaml:"ca,omitempty"`
}

// AWS says which account and region.
type AWS struct {
	Profile string `yaml:"profile,omitempty"`
	Region  string `yaml:"region,omitempty"`
	// Endpoint replaces AWS's own, for stand-ins and private endpoints; S3Endpoint that of S3 alone.
	Endpoint   string `yaml:"endpoint,omitempty"`
	S3Endpoint string `yaml:"s3_endpoint,omitempty"`
}

// Repository is one snapshot repository that both sides know.
type Repository struct {
	// Name is the repository's name on both clusters; default hikkoshi.
	Name string `yaml:"name,omitempty"`
	// Type is s3 (default with AWS), fs, or none: then documents are read through the source's search API.
	Type string `yaml:"type,omitempty"`
	// Bucket, BasePath and Region place an s3 repository; the bucket is created when it is missing.
	Bucket   string `yaml:"bucket,omitempty"`
	BasePath string `yaml:"base_path,omitempty"`
	Region   string `yaml:"region,omitempty"`
	// Role is what the service assumes to reach the bucket, User who may pass it; defaults es-index-backups and es-index-backup-user.
	Role string `yaml:"role,omitempty"`
	User string `yaml:"user,omitempty"`
	// AccessKey asks for an access key for User; it is shown once and kept nowhere.
	AccessKey bool `yaml:"access_key,omitempty"`
	// Location is the folder of an fs repository, as both clusters see it.
	Location string `yaml:"location,omitempty"`
}

// Indices chooses indices by patterns with * .
type Indices struct {
	Include []string `yaml:"include,omitempty"`
	Exclude []string `yaml:"exclude,omitempty"`
	// Rename maps a source index to another name on the target.
	Rename map[string]string `yaml:"rename,omitempty"`
	// Closed says what happens to closed indices, which snapshots leave out in silence: open (opened for the move and
	// closed again on both sides), or skip. Without it the plan asks.
	Closed string `yaml:"closed,omitempty"`
	// Existing says what happens to an index that the target already holds: refuse (default), skip or replace.
	Existing string `yaml:"existing,omitempty"`
	// Routes overrules how indices travel, by patterns: restore, backfill, scroll or skip. The longest pattern that
	// matches decides.
	Routes map[string]string `yaml:"routes,omitempty"`
}

// LoadLimits bound what is sent to the target, and what is asked of a source without a snapshot.
type LoadLimits struct {
	// MaxRate is documents a second at the most; 0 is what the target takes.
	MaxRate float64 `yaml:"max_rate,omitempty"`
	// MaxMegabytes is MB a second at the most, MaxBodies how many requests are under way at once at the most (16 when 0).
	MaxMegabytes float64 `yaml:"max_megabytes,omitempty"`
	MaxBodies    int     `yaml:"max_bodies,omitempty"`
	// WriteQueue, CPU and DiskFree bound the target's load: how many writes may wait on a node (half of its queue when 0)
	// and how many percent its processors may be busy before the load slows down, and how many percent of a node's disk
	// must stay free, else the load pauses. 0 does not look at the last two.
	WriteQueue int `yaml:"write_queue,omitempty"`
	CPU        int `yaml:"cpu,omitempty"`
	DiskFree   int `yaml:"disk_free,omitempty"`
	// Patience is how long a target that takes nothing is waited for; default 1h.
	Patience time.Duration `yaml:"patience,omitempty"`
	// Gzip compresses what is sent: auto (default: unless the target is on this machine), on or off.
	Gzip string `yaml:"gzip,omitempty"`
	// SourceRate and SourceMegabytes are how many documents and MB a second are asked of a source that is read through
	// its search API; SourceReaders is how many searches run there at once. 0 is a kind default, -1 no limit.
	SourceRate      float64 `yaml:"source_rate,omitempty"`
	SourceMegabytes float64 `yaml:"source_megabytes,omitempty"`
	SourceReaders   int     `yaml:"source_readers,omitempty"`
}

// Writer is one program that writes to the source. Exactly one of the first fields is set.
type Writer struct {
	Fluentd string `yaml:"fluentd,omitempty"` // main configuration file
	Rsyslog string `yaml:"rsyslog,omitempty"` // main configuration file
	// FluentBit and Logstash are main configuration files likewise.
	FluentBit string `yaml:"fluentbit,omitempty"`
	Logstash  string `yaml:"logstash,omitempty"`
	Alias     string `yaml:"alias,omitempty"`   // alias to switch to the new indices
	Command   string `yaml:"command,omitempty"` // run with HIKKOSHI_SOURCE and HIKKOSHI_TARGET set
	// Undo is the command that takes Command back.
	Undo string `yaml:"undo,omitempty"`
	// Check is a command that succeeds when Command took.
	Check string `yaml:"check,omitempty"`
	// PIDFile, Service or Reload say how the process reads its new configuration.
	PIDFile string `yaml:"pid_file,omitempty"`
	Service string `yaml:"service,omitempty"`
	Reload  string `yaml:"reload,omitempty"`
	// Start is how an rsyslog that no service manager knows is started again.
	Start string `yaml:"start,omitempty"`
	// Accept names findings (by their code) that would stop the cutover and that the person has dealt with.
	Accept []string `yaml:"accept,omitempty"`
	// Canary sends a marked event through the writer's own input and waits for it on the target. The event stays there.
	Canary bool `yaml:"canary,omitempty"`
	// TailFile is a file the writer follows; TailLine, a line as its parser expects it with {{canary}} in it, is appended
	// there to prove the new road.
	TailFile string `yaml:"tail_file,omitempty"`
	TailLine string `yaml:"tail_line,omitempty"`
	// SourceHosts are further names under which this writer knows the source.
	SourceHosts []string `yaml:"source_hosts,omitempty"`
}

// Cutover says how writes move.
type Cutover struct {
	// Protocol is switch (default: writers move first, then what they left behind is brought over) or fence (writes are
	// held on the source meanwhile; only when every writer retries).
	Protocol string `yaml:"protocol,omitempty"`
	// Quiet is how long the source's write counters must stand still; default 10s.
	Quiet time.Duration `yaml:"quiet,omitempty"`
	// Timeout is how long to wait for that; default 10m.
	Timeout time.Duration `yaml:"timeout,omitempty"`
}

// Retire says how the source ends.
type Retire struct {
	// Keep leaves the source running after the final snapshot.
	Keep bool `yaml:"keep,omitempty"`
	// WithoutSnapshot lets the source end although no repository can hold a final snapshot of it.
	WithoutSnapshot bool `yaml:"without_snapshot,omitempty"`
	// ProofAge is how old the proof may be; default 24h.
	ProofAge time.Duration `yaml:"proof_age,omitempty"`
}

// Defaults of the file.
const (
	DefaultFile       = "migration.yaml"
	DefaultRepository = "hikkoshi"
	DefaultRole       = "es-index-backups"
	DefaultUser       = "es-index-backup-user"
	DefaultQuiet      = 10 * time.Second
	DefaultTimeout    = 10 * time.Minute
	DefaultProofAge   = 24 * time.Hour
	stateFolder       = ".hikkoshi"
)

// The choices of Kibana, Indices.Closed, Indices.Existing, Indices.Routes, Repository.Type, Load.Gzip and
// Cutover.Protocol.
const (
	KibanaMigrate    = "migrate"
	KibanaKeepTarget = "keep-target"
	KibanaBeside     = "beside"
	ClosedOpen       = "open"
	ClosedSkip       = "skip"
	ExistingRefuse   = "refuse"
	ExistingSkip     = "skip"
	ExistingReplace  = "replace"
	RepositoryS3     = "s3"
	RepositoryFS     = "fs"
	RepositoryNone   = "none"
	RouteRestore     = "restore"
	RouteBackfill    = "backfill"
	RouteScroll      = "scroll"
	RouteSkip        = "skip"
	GzipAuto         = "auto"
	GzipOn           = "on"
	GzipOff          = "off"
	ProtocolSwitch   = "switch"
	ProtocolFence    = "fence"
)

// StateFile is the path of one file of this migration's state: .hikkoshi/NAME/ beside migration.yaml.
func (m *Migration) StateFile(name string) string {
	return filepath.Join(m.folder, stateFolder, m.Name, name)
}

// UsesAWS says whether any part needs the AWS APIs.
func (m *Migration) UsesAWS() bool {
	return m.Source.Domain != "" || m.Target.Domain != "" || m.Repository.Type == RepositoryS3 || m.Source.Auth.SigV4 || m.Target.Auth.SigV4
}

// RouteOf gives the route that the file wants for an index, and the pattern that says so; both are empty where it is left
// to the plan.
func (i Indices) RouteOf(index string) (route, pattern string) {
	for candidate, wanted := range i.Routes {
		if matched, err := path.Match(candidate, index); err != nil || !matched {
			continue
		}
		if longer := len(candidate) - len(pattern); pattern == "" || longer > 0 || longer == 0 && candidate < pattern {
			route, pattern = wanted, candidate
		}
	}
	return route, pattern
}

// Label is the side's name for a person: its domain, or its URL.
func (s Side) Label() string {
	if s.Domain != "" {
		return s.Domain
	}
	return s.URL
}

// applyDefaults fills what the file leaves out.
func (m *Migration) applyDefaults() {
	setDefault(&m.Repository.Name, DefaultRepository)
	setDefault(&m.Repository.Role, DefaultRole)
	setDefault(&m.Repository.User, DefaultUser)
	if m.Repository.Location != "" {
		setDefault(&m.Repository.Type, RepositoryFS)
	}
	setDefault(&m.Repository.Type, RepositoryS3)
	setDefault(&m.Kibana, KibanaMigrate)
	setDefault(&m.Indices.Existing, ExistingRefuse)
	setDefault(&m.Cutover.Protocol, ProtocolSwitch)
	if len(m.Indices.Include) == 0 {
		m.Indices.Include = []string{"*"}
	}
	if m.Cutover.Quiet == 0 {
		m.Cutover.Quiet = DefaultQuiet
	}
	if m.Cutover.Timeout == 0 {
		m.Cutover.Timeout = DefaultTimeout
	}
	if m.Retire.ProofAge == 0 {
		m.Retire.ProofAge = DefaultProofAge
	}
	if m.Name == "" {
		m.Name = m.Source.Domain
	}
	if m.Name == "" {
		m.Name = "migration"
	}
	if m.Repository.Type == RepositoryS3 {
		setDefault(&m.Repository.BasePath, m.Name)
	}
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
