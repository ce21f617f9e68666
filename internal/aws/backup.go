package aws

// backup.go answers: what does a domain need to take snapshots into a bucket? A bucket; a role that the service takes to
// write there; and somebody who may hand that role to the service: the caller, or a user made for it. Check looks,
// Ensure makes what is missing, Remove takes away what Ensure made, known by its tag. What others made is left alone.
// Next: backupbucket.go, backuprole.go, backupuser.go (each part), backupdocs.go (their policies), caller.go.

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// The default names.
const (
	DefaultRole = "es-index-backups"
	DefaultUser = "es-index-backup-user"
	// The default bucket is this with account and region behind it: bucket names are shared with the whole world.
	defaultBucketStem = "es-index-backups"
)

// serviceName is what takes the role.
const serviceName = "es.amazonaws.com"

// Signs says who registers the repository, and so needs the right to pass the role.
type Signs string

// Who may sign.
const (
	// SignsAuto takes the caller where IAM's simulator doesn't say that it may not, else the user.
	SignsAuto   Signs = ""
	SignsCaller Signs = "caller"
	SignsUser   Signs = "user"
)

// Backup names the parts. The zero value takes the defaults.
type Backup struct {
	Migration string   // marks what we make
	Bucket    string   // es-index-backups-ACCOUNT-REGION when empty
	Prefix    string   // the repository's base_path; the role may touch nothing beside it
	Role      string   // DefaultRole when empty
	User      string   // DefaultUser when empty
	Domains   []string // names of the domains in the session's region, or ARNs, that use the role
	Signs     Signs
}

// PartKind is one of the parts.
type PartKind string

// The parts, in the order in which they are made.
const (
	PartBucket     PartKind = "bucket"
	PartRole       PartKind = "role"
	PartRolePolicy PartKind = "role policy"
	PartCaller     PartKind = "caller"
	PartUser       PartKind = "user"
	PartUserPolicy PartKind = "user policy"
)

// PartState is what was found or done.
type PartState string

// The states. Creating is only ever seen by Ensure's and Remove's callback, before the change.
const (
	Missing  PartState = "missing"
	Present  PartState = "present"
	Differs  PartState = "differs" // there, and not as we would make it: Remarks say how
	Unknown  PartState = "unknown" // we may not look
	Creating PartState = "creating"
	Created  PartState = "created"
	Removing PartState = "removing"
	Removed  PartState = "removed"
	Kept     PartState = "kept" // not ours, or not safe to take away: Remarks say why
)

// Part is one thing that is needed.
type Part struct {
	Kind    PartKind
	Name    string
	ARN     string `json:",omitempty"`
	State   PartState
	Ours    bool     // carries our tag or name
	Blocks  bool     `json:",omitempty"` // it is there and cannot work, and we leave alone what others made
	Remarks []string `json:",omitempty"`
	Advice  string   `json:",omitempty"`
}

// BackupReport is what Check, Ensure and Remove tell.
type BackupReport struct {
	Account, Region string
	Caller          Capability
	UseCaller       bool // the caller itself registers the repository; no user is needed
	Bucket, Prefix  string
	RoleARN         string
	Parts           []Part
}

// Complete says that nothing is missing or in the way.
func (r BackupReport) Complete() bool {
	for _, part := range r.Parts {
		if part.State == Missing || part.Blocks {
			return false
		}
	}
	return true
}

// backupPlan is a Backup with everything filled in.
type backupPlan struct {
	Backup
	who        Identity
	region     string
	roleARN    string
	userARN    string
	bucketARN  string
	objectsARN string
	domainARNs []string
}

// policyName is the inline policies' name; it carries the migration, so that two moves can share a role.
func (p *backupPlan) policyName() string {
	if p.Migration == "" {
		return "hikkoshi-snapshots"
	}
	return "hikkoshi-" + notInNames.ReplaceAllString(p.Migration, "-")
}

var (
	notInNames  = regexp.MustCompile(`[^A-Za-z0-9+=,.@_-]`)
	iamName     = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]{1,64}$`)
	bucketShape = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixShape = regexp.MustCompile(`^[A-Za-z0-9!_.()/-]*$`)
)

func (s *Session) fill(ctx context.Context, b Backup) (*backupPlan, error) {
	who, err := s.Identity(ctx)
	if err != nil {
		return nil, err
	}
	p := &backupPlan{Backup: b, who: who, region: s.Region()}
	if p.Role == "" {
		p.Role = DefaultRole
	}
	if p.User == "" {
		p.User = DefaultUser
	}
	if p.Bucket == "" {
		p.Bucket = strings.Join([]string{defaultBucketStem, who.Account, p.region}, "-")
	}
	p.Prefix = strings.Trim(p.Prefix, "/")
	for _, check := range []struct {
		good bool
		what string
		name string
		rule string
	}{
		{bucketShape.MatchString(p.Bucket) && !strings.Contains(p.Bucket, ".."), "bucket", p.Bucket, "3 to 63 characters: a to z, 0 to 9, . and -"},
		{prefixShape.MatchString(p.Prefix), "prefix", p.Prefix, "letters, digits, / and ! _ . ( ) -; no * or ?, which would widen the role's rights"},
		{iamName.MatchString(p.Role), "role", p.Role, "1 to 64 characters: letters, digits and + = , . @ _ -"},
		{iamName.MatchString(p.User), "user", p.User, "1 to 64 characters: letters, digits and + = , . @ _ -"},
	} {
		if !check.good {
			return nil, &Problem{Kind: ErrRefused, Doing: "plan the backup", Said: fmt.Sprintf("%q is no name for a %s", check.name, check.what), Advice: "allowed: " + check.rule}
		}
	}
	prefix := "arn:" + who.Partition
	p.roleARN = prefix + ":iam::" + who.Account + ":role/" + p.Role
	p.userARN = prefix + ":iam::" + who.Account + ":user/" + p.User
	p.bucketARN = prefix + ":s3:::" + p.Bucket
	p.objectsARN = p.bucketARN + "/*"
	if p.Prefix != "" {
		p.objectsARN = p.bucketARN + "/" + p.Prefix + "/*"
	}
	for _, domain := range b.Domains {
		if !strings.HasPrefix(domain, "arn:") {
			domain = fmt.Sprintf("%s:es:%s:%s:domain/%s", prefix, p.region, who.Account, domain)
		}
		p.domainARNs = append(p.domainARNs, domain)
	}
	if len(p.domainARNs) == 0 {
		return nil, &Problem{Kind: ErrRefused, Doing: "plan the backup", Said: "no domain is named", Advice: "name the domains that will use the bucket: the role trusts only them"}
	}
	return p, nil
}

// CheckBackup looks at every part and changes nothing.
func (s *Session) CheckBackup(ctx context.Context, b Backup) (BackupReport, error) {
	p, err := s.fill(ctx, b)
	if err != nil {
		return BackupReport{}, err
	}
	return s.checkBackup(ctx, p)
}

func (s *Session) checkBackup(ctx context.Context, p *backupPlan) (BackupReport, error) {
	report := BackupReport{Account: p.who.Account, Region: p.region, Bucket: p.Bucket, Prefix: p.Prefix}
	bucket, err := s.checkBucket(ctx, p)
	if err != nil {
		return report, err
	}
	roleParts, err := s.checkRole(ctx, p)
	if err != nil {
		return report, err
	}
	report.RoleARN = p.roleARN
	report.Parts = append([]Part{bucket}, roleParts...)
	if p.Signs == SignsUser {
		report.Caller = Capability{Verdict: NotAsked}
	} else {
		report.Caller = s.callerMay(ctx, p)
	}
	report.UseCaller = p.Signs == SignsCaller || p.Signs == SignsAuto && report.Caller.Verdict != MayNot
	if report.UseCaller {
		report.Parts = append(report.Parts, callerPart(p, report.Caller))
		return report, nil
	}
	userParts, err := s.checkUser(ctx, p)
	if err != nil {
		return report, err
	}
	report.Parts = append(report.Parts, userParts...)
	return report, nil
}

// EnsureBackup makes what is missing, and of what is ours what differs. It refuses before the first change when
// something that others made is in the way. record is told before and after each change; it may be nil.
func (s *Session) EnsureBackup(ctx context.Context, b Backup, record func(Part) error) (BackupReport, error) {
	p, err := s.fill(ctx, b)
	if err != nil {
		return BackupReport{}, err
	}
	report, err := s.checkBackup(ctx, p)
	if err != nil {
		return report, err
	}
	for _, part := range report.Parts {
		if part.Blocks {
			return report, &Problem{Kind: ErrRefused, Doing: "prepare the backup", Said: fmt.Sprintf("%s %s: %s", part.Kind, part.Name, strings.Join(part.Remarks, "; ")), Advice: part.Advice}
		}
	}
	for i := range report.Parts {
		part := &report.Parts[i]
		if part.State != Missing && (part.State != Differs || !part.Ours) {
			continue
		}
		create := s.maker(part.Kind)
		if create == nil {
			continue
		}
		if err := tell(record, *part, Creating); err != nil {
			return report, err
		}
		if err := create(ctx, p, part); err != nil {
			return report, err
		}
		part.State, part.Ours = Created, true
		if err := tell(record, *part, Created); err != nil {
			return report, err
		}
	}
	return report, nil
}

func tell(record func(Part) error, part Part, state PartState) error {
	if record == nil {
		return nil
	}
	part.State = state
	return record(part)
}

func (s *Session) maker(kind PartKind) func(context.Context, *backupPlan, *Part) error {
	switch kind {
	case PartBucket:
		return s.makeBucket
	case PartRole:
		return s.makeRole
	case PartRolePolicy:
		return s.makeRolePolicy
	case PartUser:
		return s.makeUser
	case PartUserPolicy:
		return s.makeUserPolicy
	}
	return nil
}

// RemoveBackup takes away what EnsureBackup made for this migration: policies, user with its keys, role, and the bucket
// if it is empty. What is not ours, or still holds snapshots, is kept and says why.
func (s *Session) RemoveBackup(ctx context.Context, b Backup, record func(Part) error) (BackupReport, error) {
	p, err := s.fill(ctx, b)
	if err != nil {
		return BackupReport{}, err
	}
	report := BackupReport{Account: p.who.Account, Region: p.region, Bucket: p.Bucket, Prefix: p.Prefix, RoleARN: p.roleARN}
	// Users and policies first: IAM refuses to delete what still has something.
	for _, remove := range []func(context.Context, *backupPlan, func(Part) error) ([]Part, error){s.removeUser, s.removeRole, s.removeBucket} {
		parts, err := remove(ctx, p, record)
		report.Parts = append(report.Parts, parts...)
		if err != nil {
			return report, err
		}
	}
	return report, nil
}
