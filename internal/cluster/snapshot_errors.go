package cluster

// snapshot_errors.go answers: which of the known ways did a snapshot, a repository or a restore go wrong?
// The texts are real servers' own; LAB.md section 5 holds the measurements. Next: restore.go.

import (
	"errors"
	"net/http"
	"strings"
)

// Kinds of failures of repositories, snapshots and restores. Use errors.Is.
var (
	// ErrSnapshotPartial: some shards are not in the snapshot.
	ErrSnapshotPartial = errors.New("snapshot is partial")
	// ErrSnapshotFailed: the snapshot holds nothing that can be used.
	ErrSnapshotFailed = errors.New("snapshot failed")
	// ErrSnapshotRunning: another snapshot (or its deletion) is going on in the cluster.
	ErrSnapshotRunning = errors.New("another snapshot is running")
	// ErrSnapshotNameTaken: the repository has a snapshot of that name.
	ErrSnapshotNameTaken = errors.New("snapshot name taken")
	// ErrSnapshotName: the name is not one a snapshot may have.
	ErrSnapshotName = errors.New("invalid snapshot name")
	// ErrSnapshotMissing: no snapshot of that name, or it was deleted meanwhile.
	ErrSnapshotMissing = errors.New("snapshot missing")
	// ErrRepositoryMissing: no repository of that name is registered.
	ErrRepositoryMissing = errors.New("repository missing")
	// ErrRepositoryName: the name is not one a repository may have.
	ErrRepositoryName = errors.New("invalid repository name")
	// ErrRepositoryAccess: the nodes can't reach, read or write the repository.
	ErrRepositoryAccess = errors.New("repository not accessible")
	// ErrRepositoryReadOnly: it is registered read-only.
	ErrRepositoryReadOnly = errors.New("repository is read-only")
	// ErrRepositoryPath: path.repo of the nodes doesn't cover the location.
	ErrRepositoryPath = errors.New("location not covered by path.repo")
	// ErrRepositoryType: the nodes lack the plugin for that type of repository.
	ErrRepositoryType = errors.New("repository type unknown to the nodes")
	// ErrRepositoryInUse: it can't be changed while a snapshot or restore uses it.
	ErrRepositoryInUse = errors.New("repository in use")
	// ErrRepositoryFormat: the version can't read what another version wrote there.
	ErrRepositoryFormat = errors.New("repository written in a format this version can't read")
	// ErrRepositoryUnseen: the repository holds snapshots, but this version lists none and says nothing.
	ErrRepositoryUnseen = errors.New("repository looks empty to this version")
	// ErrBucketElsewhere: the bucket lies in another region.
	ErrBucketElsewhere = errors.New("bucket is in another region")
	// ErrPassRole: the caller may not hand the snapshot role to the service.
	ErrPassRole = errors.New("missing iam:PassRole")
	// ErrRestoreOverOpen: an open index of that name is in the way.
	ErrRestoreOverOpen = errors.New("an open index is in the way")
	// ErrRestoreShards: a closed index of that name has another number of shards.
	ErrRestoreShards = errors.New("a closed index with another shard count is in the way")
	// ErrRestoreTooOld: the index was created by a version too old for the target.
	ErrRestoreTooOld = errors.New("index too old for this version")
	// ErrRestoreTooNew: the snapshot was written by a version newer than the target.
	ErrRestoreTooNew = errors.New("snapshot too new for this version")
	// ErrRestoreMapping: the index's mapping can't be opened by this version.
	ErrRestoreMapping = errors.New("mapping not accepted by this version")
	// ErrRestoreIncomplete: the restore was answered with success, but shards failed.
	ErrRestoreIncomplete = errors.New("restore incomplete")
	// ErrRestoreRunning: a restore from this snapshot or into this index is going on.
	ErrRestoreRunning = errors.New("a restore is running")
)

// snapshotRefusals are told apart by their words (lower case); the first that fits wins.
var snapshotRefusals = []struct {
	texts []string
	kind  error
	hint  string
}{
	{[]string{"iam:passrole"}, ErrPassRole, "allow the caller iam:PassRole on the snapshot role"},
	{[]string{"the bucket is in this region", "must be addressed using the specified endpoint", "permanentredirect", "authorizationheadermalformed", "illegallocationconstraint"}, ErrBucketElsewhere,
		"give the repository the bucket's own region, or use a bucket in the domain's region"},
	// S3 answers a HEAD that was signed for another region with a bare 400, and old plugins ask by HEAD.
	{[]string{"bad request (service: amazon s3; status code: 400"}, ErrBucketElsewhere,
		"the bucket is most likely in another region than the request was signed for: give the repository the bucket's own region"},
	{[]string{"forbidden (service: amazon s3", "access denied (service: amazon s3", "access_denied", "accessdenied", "invalidaccesskeyid", "signaturedoesnotmatch"}, ErrRepositoryAccess,
		"S3 lets the nodes not into that bucket: check the role (or key) they use and its rights on the bucket and its objects"},
	{[]string{"nosuchbucket", "the specified bucket does not exist"}, ErrRepositoryAccess, "there is no such bucket: make it, or correct its name"},
	{[]string{"location of the specified repository", "doesn't match any of the locations specified by path.repo", "locations specified by path.repo", "path.repo setting is empty", "path.repo is empty", "path.repo"}, ErrRepositoryPath,
		"add the folder to path.repo on every node and restart them, or choose one below it"},
	{[]string{"cannot create blob store", "failed to create blob container"}, ErrRepositoryAccess,
		"the nodes can't create the repository's folder: check owner, mount and free space"},
	{[]string{"not registered in the types", "failed to load class with value", "unknown [repository] type", "repository type [", "unknown repository type"}, ErrRepositoryType,
		"install the repository's plugin on every node (repository-s3, cloud-aws for 1.x and 2.x)"},
	{[]string{"repository_verification", "repositoryverification"}, ErrRepositoryAccess,
		"every node must be able to write there: check the role's rights on the bucket, or the mount and its owner"},
	{[]string{"cannot delete snapshot from a readonly repository", "cannot create snapshot in a readonly repository", "is readonly", "repository is in readonly"}, ErrRepositoryReadOnly,
		"register it without readonly on the cluster that writes snapshots, and only on that one"},
	{[]string{"trying to modify or unregister repository"}, ErrRepositoryInUse,
		"wait until the snapshot or restore that uses it has ended"},
	{[]string{"cannot delete snapshot during a restore", "cannot delete a snapshot while a restore", "cannot restore index [", "restore process in this cluster"}, ErrRestoreRunning, "wait until the running restore has ended"},
	{[]string{"don't have primary shards", "have unassigned primary shards"}, ErrSnapshotFailed,
		"make every primary start (_cat/shards says why one doesn't), or leave that index out"},
	{[]string{"concurrent_snapshot_execution", "concurrentsnapshotexecution", "snapshot is already running"}, ErrSnapshotRunning,
		"wait until it has ended (GET _snapshot/_status); AWS takes one every hour or day by itself"},
	{[]string{"snapshot with the same name already exists", "snapshot with such name already exists", "with same name already exists", "snapshot with the same name is already in-progress", "snapshot with the same name is already"}, ErrSnapshotNameTaken,
		"choose another name, or delete that snapshot"},
	{[]string{"invalid_snapshot_name", "invalidsnapshotname"}, ErrSnapshotName,
		"use lower case letters, digits, - and _"},
	{[]string{"snapshot does not exist", "snapshot_missing", "snapshotmissing"}, ErrSnapshotMissing,
		"list what is there; a version from 6.x on shows nothing of a repository that 2.x or 1.x wrote"},
	{[]string{"unexpected field [mapping_version]", "unknown field [uuid]", "unexpected exception when loading repository data", "unknown index metadata", "could not read repository data", "unexpected field [", "unknown field ["}, ErrRepositoryFormat,
		"another version wrote into this repository; take a snapshot into a fresh one with the source cluster"},
	{[]string{"invalid_repository_name", "repository_exception: [] ", "repository name"}, ErrRepositoryName, "use lower case letters, digits, - and _; AWS keeps names that begin with cs- for itself"},
	{[]string{"index_not_found", "indexmissing", "index_missing", "no such index"}, ErrIndexMissing, "look which indices the snapshot or cluster has"},
	{[]string{"repository_missing", "repositorymissing"}, ErrRepositoryMissing, "register the repository first"},
	{[]string{"failed to create repository"}, ErrRepositoryAccess,
		"the nodes can't use that place: check that it is a folder or bucket they may read and write"},
}

// restoreRefusals share the words "cannot restore index", so they are looked at first.
var restoreRefusals = []struct {
	texts []string
	kind  error
	hint  string
}{
	{[]string{"unsupported compression"}, ErrRepositoryFormat,
		"this version can't read what 1.x wrote compressed: let its documents be loaded from the snapshot (route backfill)"},
	{[]string{"because it's open", "an open index with same name already exists"}, ErrRestoreOverOpen,
		"rename while restoring, or close or delete the index that is there"},
	{[]string{"shard from snapshot with", "shards from a snapshot of index", "shards from snapshot with"}, ErrRestoreShards,
		"delete the closed index that is there, or rename while restoring"},
	{[]string{"minimum compatible version is", "minimum index compatibility version", "wasn't upgraded", "should be re-indexed in"}, ErrRestoreTooOld,
		"this index can't be restored: let its documents be loaded from the snapshot (route backfill)"},
	{[]string{"is higher than the version of this node"}, ErrRestoreTooNew,
		"a snapshot can't be restored into an older version"},
	{[]string{"cannot be upgraded"}, ErrRestoreMapping,
		"this index can't be restored as it is: let its documents be loaded from the snapshot (route backfill)"},
	{[]string{"cannot restore index"}, ErrRestoreOverOpen, "look at the reason; rename while restoring, or remove what is in the way"},
}

// recogniseSnapshot names the kind of a refusal around snapshots. It says false for everything else.
func recogniseSnapshot(failure *Error) bool {
	if !strings.HasPrefix(failure.Path, "/_snapshot") {
		return false
	}
	text := strings.ToLower(failure.Type + ": " + failure.Reason)
	if failure.Status == http.StatusUnauthorized {
		return false
	}
	for _, table := range [][]struct {
		texts []string
		kind  error
		hint  string
	}{restoreRefusals, snapshotRefusals} {
		for _, known := range table {
			for _, part := range known.texts {
				if strings.Contains(text, part) {
					failure.Kind, failure.Hint = known.kind, known.hint
					return true
				}
			}
		}
	}
	return false
}
