package cluster

// snapshots.go answers: how is a repository registered, and how is a snapshot taken, followed, awaited and deleted?
// What can go wrong is named in snapshot_errors.go. Next: restore.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/tidwall/gjson"
)

const (
	// pollEvery is how often a snapshot or restore is looked at; AWS throttles faster askers.
	pollEvery = time.Second
	// slowRepository is how long a repository call may be silent: verification writes to S3 from every node.
	slowRepository = 4 * time.Minute
	// vanishedLooks is how many looks in a row must find no snapshot before it counts as gone: S3 was only
	// eventually consistent for the old versions' listings.
	vanishedLooks = 3
)

// Repository is what a cluster needs to know of a snapshot repository.
type Repository struct {
	Type     string            `json:"type"` // fs, s3, url
	Settings map[string]string `json:"settings"`
}

// FSRepository describes a folder that all nodes share.
func FSRepository(location string, readOnly bool) Repository {
	repository := Repository{Type: "fs", Settings: map[string]string{"location": location, "compress": "true"}}
	if readOnly {
		repository.Settings["readonly"] = "true"
	}
	return repository
}

// S3 describes a repository in a bucket. Empty fields are left out.
type S3 struct {
	Bucket, Region, BasePath string
	// RoleARN is the role that an AWS domain takes on to reach the bucket.
	RoleARN string
	// Endpoint is another S3 service, or "s3.amazonaws.com" for us-east-1 on AWS domains.
	Endpoint             string
	ServerSideEncryption bool
	ReadOnly             bool
}

// Repository gives the settings that every version and AWS take.
func (s S3) Repository() Repository {
	settings := map[string]string{"bucket": s.Bucket, "compress": "true"}
	for name, value := range map[string]string{"region": s.Region, "base_path": s.BasePath, "role_arn": s.RoleARN, "endpoint": s.Endpoint} {
		if value != "" {
			settings[name] = value
		}
	}
	if s.ServerSideEncryption {
		settings["server_side_encryption"] = "true"
	}
	if s.ReadOnly {
		settings["readonly"] = "true"
	}
	return Repository{Type: "s3", Settings: settings}
}

// ReadOnly says whether the cluster promised not to write there.
func (r Repository) ReadOnly() bool { return r.Settings["readonly"] == "true" || r.Type == "url" }

// RegisterRepository registers, or changes, a repository. verify lets every node write a test file there; a read-only
// one is not verified by writing, so its first listing is the test.
func (c *Client) RegisterRepository(ctx context.Context, name string, repository Repository, verify bool) error {
	request := Request{
		Method: http.MethodPut, Path: Path("_snapshot", name), Body: mustJSON(repository), Timeout: max(slowRepository, c.timeout),
		Query: url.Values{"verify": {strconv.FormatBool(verify && !repository.ReadOnly())}},
	}
	_, err := c.Send(ctx, request)
	if !ambiguous(err) {
		return err
	}
	// AWS's gateway gives up after a minute while the domain goes on: what counts is what is registered afterwards.
	there, lookErr := c.Repositories(ctx)
	if found, ok := there[name]; lookErr == nil && ok && found.Type == repository.Type && found.Settings["bucket"] == repository.Settings["bucket"] &&
		found.Settings["location"] == repository.Settings["location"] && found.Settings["base_path"] == repository.Settings["base_path"] {
		return nil
	}
	return err
}

// ambiguous says that the server may have done what was asked although the answer got lost.
func ambiguous(err error) bool {
	var failure *Error
	if !errors.As(err, &failure) || errors.Is(err, ErrRefused) {
		return false
	}
	return failure.Status == http.StatusGatewayTimeout || failure.Status == http.StatusBadGateway ||
		errors.Is(err, ErrSilent) || errors.Is(err, ErrConnection)
}

// VerifyRepository lets every node write and read a test file.
func (c *Client) VerifyRepository(ctx context.Context, name string) error {
	_, err := c.Send(ctx, Request{Method: http.MethodPost, Path: Path("_snapshot", name, "_verify"), Repeatable: true, Timeout: max(slowRepository, c.timeout)})
	return err
}

// UnregisterRepository forgets a repository; its files stay. One that isn't registered is no error.
func (c *Client) UnregisterRepository(ctx context.Context, name string) error {
	if err := single(name); err != nil {
		return err
	}
	_, err := c.change(ctx, http.MethodDelete, Path("_snapshot", name), nil, nil)
	if errors.Is(err, ErrRepositoryMissing) {
		return nil
	}
	return err
}

// Repositories lists what is registered, by name.
func (c *Client) Repositories(ctx context.Context) (map[string]Repository, error) {
	objects, err := c.named(ctx, "/_snapshot")
	if err != nil {
		return nil, err
	}
	repositories := map[string]Repository{}
	for name, raw := range objects {
		repository := Repository{Type: gjson.GetBytes(raw, "type").String(), Settings: map[string]string{}}
		gjson.GetBytes(raw, "settings").ForEach(func(key, value gjson.Result) bool {
			repository.Settings[key.String()] = value.String()
			return true
		})
		repositories[name] = repository
	}
	return repositories, nil
}

// States of a snapshot.
const (
	SnapshotInProgress = "IN_PROGRESS"
	SnapshotSuccess    = "SUCCESS"
	SnapshotPartial    = "PARTIAL"
	SnapshotFailed     = "FAILED"
	// SnapshotIncompatible is how 5.x and 6.x list what an older version wrote and they can't read.
	SnapshotIncompatible = "INCOMPATIBLE"
)

// Snapshot is one snapshot as the cluster lists it.
type Snapshot struct {
	Repository string     `json:"repository"`
	Name       string     `json:"name"`
	UUID       string     `json:"uuid,omitempty"`
	State      string     `json:"state"`
	Version    es.Version `json:"version"`
	Indices    []string   `json:"indices"`
	Started    time.Time  `json:"started"`
	Ended      time.Time  `json:"ended"`
	// Shards is how many there are, Failed how many are not in it.
	Shards   int            `json:"shards"`
	Failed   int            `json:"failed"`
	Failures []ShardFailure `json:"failures,omitempty"`
	Reason   string         `json:"reason,omitempty"`
}

// ShardFailure is a shard that a snapshot or restore lacks, and why.
type ShardFailure struct {
	Index  string `json:"index"`
	Shard  int    `json:"shard"`
	Reason string `json:"reason"`
}

// Complete says whether the snapshot holds everything it set out to hold, and if not, which kind of failure it is.
func (s Snapshot) Complete() error {
	failure := &Error{Method: http.MethodGet, Path: Path("_snapshot", s.Repository, s.Name), Status: http.StatusOK}
	switch s.State {
	case SnapshotSuccess:
		if s.Failed == 0 && len(s.Failures) == 0 {
			return nil
		}
		failure.Kind = ErrSnapshotPartial
	case SnapshotPartial:
		failure.Kind = ErrSnapshotPartial
	case SnapshotIncompatible:
		failure.Kind, failure.Reason = ErrRepositoryFormat, "snapshot "+s.Name+" is listed as incompatible with this version"
		failure.Hint = "an older version wrote it; let its documents be loaded from the snapshot (route backfill)"
		return failure
	case SnapshotInProgress:
		failure.Kind, failure.Reason, failure.Hint = ErrSnapshotRunning, "snapshot "+s.Name+" is still being taken", "wait until it has ended"
		return failure
	default:
		failure.Kind = ErrSnapshotFailed
	}
	failure.Reason = fmt.Sprintf("snapshot %s ended as %s: %d of %d shards are missing", s.Name, s.State, max(s.Failed, len(s.Failures)), s.Shards)
	for i, shard := range s.Failures {
		if i == maxCauses {
			failure.Reason += fmt.Sprintf("; and %d more", len(s.Failures)-i)
			break
		}
		failure.Reason += fmt.Sprintf("; %s/%d: %s", shard.Index, shard.Shard, shard.Reason)
	}
	if s.Reason != "" {
		failure.Reason += "; " + s.Reason
	}
	failure.Hint = "make the cluster green (every primary started), delete this snapshot and take it again"
	return failure
}

// CreateOptions say what goes into a snapshot.
type CreateOptions struct {
	// Indices by name or pattern; none means all open ones.
	Indices []string
	// IgnoreUnavailable leaves out what is missing or closed instead of refusing.
	IgnoreUnavailable bool
	// GlobalState includes templates and persistent settings.
	GlobalState bool
	// Partial lets a snapshot go on without shards that aren't available; it ends as PARTIAL.
	Partial bool
}

// CreateSnapshot begins a snapshot and returns once the cluster has begun it. When the answer gets lost on the way, it
// looks whether the snapshot is there.
func (c *Client) CreateSnapshot(ctx context.Context, repository, name string, options CreateOptions) error {
	// Looked at first, so that one found after a lost answer is surely the one begun here.
	if _, err := c.GetSnapshot(ctx, repository, name); err == nil {
		return &Error{Method: http.MethodPut, Path: Path("_snapshot", repository, name), Kind: ErrSnapshotNameTaken,
			Reason: "the repository has a snapshot of that name", Hint: "choose another name, or delete that snapshot"}
	} else if !errors.Is(err, ErrSnapshotMissing) && !errors.Is(err, ErrSnapshotName) {
		return err
	}
	body := map[string]any{
		"ignore_unavailable": options.IgnoreUnavailable, "include_global_state": options.GlobalState, "partial": options.Partial,
	}
	if len(options.Indices) > 0 {
		body["indices"] = options.Indices
	}
	_, err := c.Send(ctx, Request{
		Method: http.MethodPut, Path: Path("_snapshot", repository, name), Query: url.Values{"wait_for_completion": {"false"}},
		Body: mustJSON(body), Timeout: max(slowRepository, c.timeout),
	})
	if ambiguous(err) {
		if _, lookErr := c.GetSnapshot(ctx, repository, name); lookErr == nil {
			return nil
		}
	}
	return err
}

// GetSnapshot reads one snapshot's state.
func (c *Client) GetSnapshot(ctx context.Context, repository, name string) (Snapshot, error) {
	if err := single(name); err != nil {
		return Snapshot{}, err
	}
	snapshots, err := c.snapshots(ctx, repository, name)
	if err != nil {
		return Snapshot{}, err
	}
	for _, snapshot := range snapshots {
		if snapshot.Name == name {
			return snapshot, nil
		}
	}
	return Snapshot{}, &Error{Method: http.MethodGet, Path: Path("_snapshot", repository, name), Status: http.StatusNotFound,
		Kind: ErrSnapshotMissing, Reason: "no snapshot of that name", Hint: "list the repository"}
}

// Snapshots lists a repository. Beware: from 6.x on a repository written by 1.x or 2.x lists as empty; where snapshots
// are known to exist, use ExpectSnapshot.
func (c *Client) Snapshots(ctx context.Context, repository string) ([]Snapshot, error) {
	return c.snapshots(ctx, repository, "_all")
}

func (c *Client) snapshots(ctx context.Context, repository, names string) ([]Snapshot, error) {
	response, err := c.Send(ctx, Request{Method: http.MethodGet, Path: Path("_snapshot", repository, names), Timeout: max(slowRepository, c.timeout)})
	if err != nil {
		return nil, err
	}
	list := gjson.GetBytes(response.Body, "snapshots")
	if !gjson.ValidBytes(response.Body) || !list.IsArray() {
		// 7.4 to 7.x answer a failing repository with 200 and the error inside.
		if inner := gjson.GetBytes(response.Body, "responses.0"); inner.Exists() {
			if list = inner.Get("snapshots"); !list.IsArray() {
				failure := &Error{Method: http.MethodGet, Path: Path("_snapshot", repository, names), Status: response.Status}
				failure.Type, failure.Reason = reasonOf([]byte(inner.Raw))
				recogniseSnapshot(failure)
				return nil, failure
			}
		} else {
			return nil, fmt.Errorf("list the snapshots of %s: the answer holds no list", repository)
		}
	}
	snapshots := []Snapshot{}
	for _, entry := range list.Array() {
		snapshots = append(snapshots, readSnapshot(repository, entry))
	}
	return snapshots, nil
}

func readSnapshot(repository string, entry gjson.Result) Snapshot {
	snapshot := Snapshot{
		Repository: repository, Name: entry.Get("snapshot").String(), UUID: entry.Get("uuid").String(), State: entry.Get("state").String(),
		Shards: int(entry.Get("shards.total").Int()), Failed: int(entry.Get("shards.failed").Int()), Reason: entry.Get("reason").String(),
	}
	if id := entry.Get("version_id").Int(); id > 0 {
		// A version that can't be told leaves the zero value; it is only shown.
		snapshot.Version, _ = es.VersionFromID(int(id))
	}
	for _, index := range entry.Get("indices").Array() {
		snapshot.Indices = append(snapshot.Indices, index.String())
	}
	slices.Sort(snapshot.Indices)
	if at := entry.Get("start_time_in_millis").Int(); at > 0 {
		snapshot.Started = time.UnixMilli(at).UTC()
	}
	if at := entry.Get("end_time_in_millis").Int(); at > 0 {
		snapshot.Ended = time.UnixMilli(at).UTC()
	}
	for _, failure := range entry.Get("failures").Array() {
		snapshot.Failures = append(snapshot.Failures, ShardFailure{
			Index: failure.Get("index").String(), Shard: int(failure.Get("shard_id").Int()), Reason: shorten(failure.Get("reason").String(), maxReason),
		})
	}
	return snapshot
}

// ExpectSnapshot asks this cluster for a snapshot that is known to be in the repository, and tells apart the ways in
// which a cluster of another version fails to see it.
func (c *Client) ExpectSnapshot(ctx context.Context, repository, name string) (Snapshot, error) {
	snapshot, err := c.GetSnapshot(ctx, repository, name)
	if err == nil || !errors.Is(err, ErrSnapshotMissing) {
		return snapshot, err
	}
	all, listErr := c.Snapshots(ctx, repository)
	if listErr != nil {
		return Snapshot{}, listErr
	}
	if len(all) > 0 {
		return Snapshot{}, err
	}
	dialect, detectErr := c.Dialect(ctx)
	if detectErr != nil {
		return Snapshot{}, detectErr
	}
	return Snapshot{}, &Error{Method: http.MethodGet, Path: Path("_snapshot", repository, "_all"), Status: http.StatusOK, Kind: ErrRepositoryUnseen,
		Reason: fmt.Sprintf("%s lists no snapshot in repository %s, where %s is known to be", dialect.Version.Full(), repository, name),
		Hint:   "a version from 6.x on shows nothing of what 1.x or 2.x wrote: let the documents be loaded from the snapshot (route backfill); otherwise check bucket, base_path or location"}
}

// SnapshotProgress is how far a snapshot has come.
type SnapshotProgress struct {
	Name  string `json:"name"`
	State string `json:"state"`
	// Shards counts: all, ended well, failed.
	Shards, Done, Failed int
	// Files and Bytes are what has to be copied now, not what the snapshot holds in all.
	Files, FilesDone int64
	Bytes, BytesDone int64
	ByShard          []ShardProgress
}

// ShardProgress is how far one shard's snapshot or restore has come.
type ShardProgress struct {
	Index            string
	Shard            int
	Stage            string // INIT, STARTED, FINALIZE, DONE, FAILURE; of restores INDEX, TRANSLOG, DONE ...
	Node             string
	Files, FilesDone int64
	Bytes, BytesDone int64
	Reason           string
}

// SnapshotStatus asks how far a snapshot has come. On one that has ended it reads every shard's files in the
// repository, so ask only while it runs.
func (c *Client) SnapshotStatus(ctx context.Context, repository, name string) (SnapshotProgress, error) {
	response, err := c.Send(ctx, Request{Method: http.MethodGet, Path: Path("_snapshot", repository, name, "_status"), Timeout: max(slowRepository, c.timeout)})
	if err != nil {
		return SnapshotProgress{}, err
	}
	entry := gjson.GetBytes(response.Body, "snapshots.0")
	if !entry.Exists() {
		return SnapshotProgress{}, &Error{Method: http.MethodGet, Path: Path("_snapshot", repository, name, "_status"), Kind: ErrSnapshotMissing,
			Status: response.Status, Reason: "no snapshot of that name"}
	}
	return readProgress(entry), nil
}

// RunningSnapshots lists the snapshots being taken in any repository, those of AWS itself too.
func (c *Client) RunningSnapshots(ctx context.Context) ([]SnapshotProgress, error) {
	response, err := c.Send(ctx, Request{Method: http.MethodGet, Path: "/_snapshot/_status", Timeout: max(slowRepository, c.timeout)})
	if err != nil {
		return nil, err
	}
	running := []SnapshotProgress{}
	for _, entry := range gjson.GetBytes(response.Body, "snapshots").Array() {
		running = append(running, readProgress(entry))
	}
	return running, nil
}

func readProgress(entry gjson.Result) SnapshotProgress {
	progress := SnapshotProgress{
		Name: entry.Get("snapshot").String(), State: entry.Get("state").String(), Shards: int(entry.Get("shards_stats.total").Int()),
		Done: int(entry.Get("shards_stats.done").Int()), Failed: int(entry.Get("shards_stats.failed").Int()),
	}
	progress.Files, progress.FilesDone, progress.Bytes, progress.BytesDone = copied(entry.Get("stats"))
	entry.Get("indices").ForEach(func(name, index gjson.Result) bool {
		index.Get("shards").ForEach(func(number, shard gjson.Result) bool {
			one := ShardProgress{
				Index: name.String(), Stage: shard.Get("stage").String(), Node: shard.Get("node").String(), Reason: shorten(shard.Get("reason").String(), maxReason),
			}
			one.Shard, _ = strconv.Atoi(number.String()) // a key that is no number can't be shown better than as 0
			one.Files, one.FilesDone, one.Bytes, one.BytesDone = copied(shard.Get("stats"))
			progress.ByShard = append(progress.ByShard, one)
			return true
		})
		return true
	})
	return progress
}

// copied reads the counters in the flat form (up to 6.x) or the nested one (since 6.4), where "processed" is left out
// once everything is copied.
func copied(stats gjson.Result) (files, filesDone, bytes, bytesDone int64) {
	if all := stats.Get("incremental"); all.Exists() {
		done := stats.Get("processed")
		if !done.Exists() {
			done = all
		}
		return all.Get("file_count").Int(), done.Get("file_count").Int(), all.Get("size_in_bytes").Int(), done.Get("size_in_bytes").Int()
	}
	return stats.Get("number_of_files").Int(), stats.Get("processed_files").Int(), stats.Get("total_size_in_bytes").Int(), stats.Get("processed_size_in_bytes").Int()
}

// WaitSnapshot follows a snapshot to its end and says whether it is complete: only SUCCESS without failed shards is.
// progress, which may be nil, hears of every look.
func (c *Client) WaitSnapshot(ctx context.Context, repository, name string, progress func(SnapshotProgress)) (Snapshot, error) {
	missing := 0
	for {
		snapshot, err := c.GetSnapshot(ctx, repository, name)
		switch {
		case errors.Is(err, ErrSnapshotMissing):
			if missing++; missing >= vanishedLooks {
				return Snapshot{}, &Error{Method: http.MethodGet, Path: Path("_snapshot", repository, name), Status: http.StatusNotFound,
					Kind: ErrSnapshotMissing, Reason: "the snapshot is gone: it was deleted while it was waited for", Hint: "take it again; see who else deletes snapshots there"}
			}
		case err != nil:
			return Snapshot{}, err
		case snapshot.State != SnapshotInProgress:
			return snapshot, snapshot.Complete()
		default:
			missing = 0
			if progress != nil {
				// A status that can't be read now costs one picture, not the snapshot.
				if status, err := c.SnapshotStatus(ctx, repository, name); err == nil && status.State != SnapshotSuccess {
					progress(status)
				}
			}
		}
		if err := Pause(ctx, pollEvery); err != nil {
			return Snapshot{}, fmt.Errorf("wait for snapshot %s: %w", name, err)
		}
	}
}

// DeleteSnapshot deletes a snapshot, or stops one being taken. One that isn't there is no error: then it is done.
func (c *Client) DeleteSnapshot(ctx context.Context, repository, name string) error {
	if err := single(name); err != nil {
		return err
	}
	_, err := c.Send(ctx, Request{Method: http.MethodDelete, Path: Path("_snapshot", repository, name), Repeatable: true, Timeout: max(slowChange, c.timeout)})
	if errors.Is(err, ErrSnapshotMissing) {
		return nil
	}
	return err
}

// LeftOut names the indices of the cluster that a snapshot doesn't hold: a default snapshot leaves closed ones out
// without a word.
func (c *Client) LeftOut(ctx context.Context, snapshot Snapshot) ([]string, error) {
	rows, err := c.Indices(ctx)
	if err != nil {
		return nil, err
	}
	var left []string
	for _, row := range rows {
		if _, found := slices.BinarySearch(snapshot.Indices, row.Name); !found {
			left = append(left, row.Name)
		}
	}
	slices.Sort(left)
	return left, nil
}
