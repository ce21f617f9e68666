package aws

// backupbucket.go answers: is the bucket there, ours, in the domain's region, closed to the public, encrypted, and will
// nothing take the snapshots out of it? Next: backuprole.go.

import (
	"context"
	"errors"
	"fmt"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// plainRegion is the one region that must not be named when a bucket is created in it.
const plainRegion = "us-east-1"

// locate says whether the bucket is there, and refuses one in another region or account.
func (s *Session) locate(ctx context.Context, p *backupPlan) (bool, error) {
	doing := "look at bucket " + p.Bucket
	// The owner is asked for, since anybody could have taken a name that can be guessed, and let us in to get our snapshots.
	answer, err := s.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &p.Bucket, ExpectedBucketOwner: &p.who.Account})
	if err != nil && s.s3.Options().BaseEndpoint != nil && errors.Is(s.explain(doing, err), ErrAccessDenied) {
		// An S3 of one's own has other owners than the accounts of Amazon.
		answer, err = s.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &p.Bucket})
	}
	region := ""
	if err == nil {
		region = awssdk.ToString(answer.BucketRegion)
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		region = response.Response.Header.Get("X-Amz-Bucket-Region")
	}
	if region != "" && region != p.region {
		return false, &Problem{Kind: ErrWrongRegion, Doing: doing, On: region, Region: p.region,
			Said:   fmt.Sprintf("it lies in %s, and the domains in %s", region, p.region),
			Advice: "a domain takes snapshots only into a bucket of its own region: choose another bucket name, and one in " + p.region + " is made"}
	}
	if err == nil {
		return true, nil
	}
	err = s.explain(doing, err)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	var problem *Problem
	if errors.As(err, &problem) && problem.Kind == ErrAccessDenied {
		problem.Said = "the bucket is there, and belongs to another account or lets us not in"
		problem.Advice = "bucket names are shared with the whole world: choose another name, or, if it is yours, " + problem.Advice
	}
	return false, err
}

func (s *Session) checkBucket(ctx context.Context, p *backupPlan) (Part, error) {
	part := Part{Kind: PartBucket, Name: p.Bucket, ARN: p.bucketARN, State: Missing}
	there, err := s.locate(ctx, p)
	if err != nil || !there {
		return part, err
	}
	part.State = Present
	if part.Ours, err = s.bucketIsOurs(ctx, p); err != nil {
		return part, err
	}
	for _, look := range []func(context.Context, string) (string, error){s.publicAccess, s.bucketEncryption, s.lifecycle} {
		remark, err := look(ctx, p.Bucket)
		switch {
		case err == nil && remark == "":
		case err == nil:
			part.State = Differs
			part.Remarks = append(part.Remarks, remark)
		case isKind(err, ErrAccessDenied, ErrRefused, ErrUnavailable):
			// Not every S3 has these settings, and not everybody may look: snapshots work all the same.
			part.Remarks = append(part.Remarks, "could not be looked at: "+err.Error())
		default:
			return part, err
		}
	}
	return part, nil
}

func (s *Session) bucketIsOurs(ctx context.Context, p *backupPlan) (bool, error) {
	answer, err := s.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &p.Bucket})
	if err != nil {
		if code := s3Code(err); code == "NoSuchTagSet" {
			return false, nil
		}
		err = s.explain("read the tags of bucket "+p.Bucket, err)
		if isKind(err, ErrAccessDenied, ErrRefused, ErrNotFound, ErrUnavailable) {
			return false, nil // whoever may not see the tag has not set it
		}
		return false, err
	}
	for _, tag := range answer.TagSet {
		if awssdk.ToString(tag.Key) == MigrationTag && awssdk.ToString(tag.Value) == p.Migration {
			return true, nil
		}
	}
	return false, nil
}

// s3Code is the service's error code; S3 says "nothing set" by errors.
func s3Code(err error) string {
	var api interface{ ErrorCode() string }
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func (s *Session) publicAccess(ctx context.Context, bucket string) (string, error) {
	const open = "public access is not blocked"
	answer, err := s.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &bucket})
	switch {
	case err == nil:
		c := answer.PublicAccessBlockConfiguration
		if c == nil || !awssdk.ToBool(c.BlockPublicAcls) || !awssdk.ToBool(c.BlockPublicPolicy) || !awssdk.ToBool(c.IgnorePublicAcls) || !awssdk.ToBool(c.RestrictPublicBuckets) {
			return open, nil
		}
		return "", nil
	case s3Code(err) == "NoSuchPublicAccessBlockConfiguration":
		return open, nil
	}
	return "", s.explain("look at the public access of bucket "+bucket, err)
}

func (s *Session) bucketEncryption(ctx context.Context, bucket string) (string, error) {
	answer, err := s.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &bucket})
	switch {
	case err == nil:
		if answer.ServerSideEncryptionConfiguration == nil || len(answer.ServerSideEncryptionConfiguration.Rules) == 0 {
			return "no encryption is set", nil
		}
		for _, rule := range answer.ServerSideEncryptionConfiguration.Rules {
			if by := rule.ApplyServerSideEncryptionByDefault; by != nil && by.SSEAlgorithm != types.ServerSideEncryptionAes256 && by.KMSMasterKeyID != nil {
				return "it is encrypted with the KMS key " + *by.KMSMasterKeyID + ": the role must also be allowed kms:Decrypt and kms:GenerateDataKey on it", nil
			}
		}
		return "", nil
	case s3Code(err) == "ServerSideEncryptionConfigurationNotFoundError":
		return "no encryption is set", nil
	}
	return "", s.explain("look at the encryption of bucket "+bucket, err)
}

// lifecycle looks for rules that take a repository's files away: snapshots cannot be restored out of an archive, and an
// expired file damages every later snapshot.
func (s *Session) lifecycle(ctx context.Context, bucket string) (string, error) {
	answer, err := s.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket})
	if s3Code(err) == "NoSuchLifecycleConfiguration" {
		return "", nil
	}
	if err != nil {
		return "", s.explain("look at the lifecycle rules of bucket "+bucket, err)
	}
	var remarks []string
	for _, rule := range answer.Rules {
		if rule.Status != types.ExpirationStatusEnabled {
			continue
		}
		if rule.Expiration != nil && (rule.Expiration.Days != nil || rule.Expiration.Date != nil) {
			remarks = append(remarks, "the lifecycle rule "+awssdk.ToString(rule.ID)+" deletes files: snapshots would be damaged")
		}
		for _, transition := range rule.Transitions {
			if class := transition.StorageClass; class == types.TransitionStorageClassGlacier || class == types.TransitionStorageClassDeepArchive {
				remarks = append(remarks, "the lifecycle rule "+awssdk.ToString(rule.ID)+" moves files to "+string(class)+": snapshots could not be restored")
			}
		}
	}
	return strings.Join(remarks, "; "), nil
}

// makeBucket creates a bucket and closes it. The tag comes right after the creation, so that a second run knows it as
// ours and finishes it.
func (s *Session) makeBucket(ctx context.Context, p *backupPlan, part *Part) error {
	if part.State == Missing {
		input := &s3.CreateBucketInput{Bucket: &p.Bucket}
		if p.region != plainRegion {
			input.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(p.region)}
		}
		if _, err := s.s3.CreateBucket(ctx, input); err != nil && s3Code(err) != "BucketAlreadyOwnedByYou" {
			err = s.explain("create bucket "+p.Bucket, err)
			var problem *Problem
			if errors.As(err, &problem) && problem.Kind == ErrAlreadyExists {
				problem.Advice = "bucket names are shared with the whole world, and somebody has this one: choose another"
			}
			return err
		}
		_, err := s.s3.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &p.Bucket,
			Tagging: &types.Tagging{TagSet: []types.Tag{{Key: awssdk.String(MigrationTag), Value: awssdk.String(p.Migration)}}}})
		if err != nil {
			return s.explain("mark bucket "+p.Bucket+" as ours", err)
		}
	}
	if remark, err := s.publicAccess(ctx, p.Bucket); err != nil || remark != "" {
		_, err := s.s3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &p.Bucket, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: awssdk.Bool(true), BlockPublicPolicy: awssdk.Bool(true), IgnorePublicAcls: awssdk.Bool(true), RestrictPublicBuckets: awssdk.Bool(true)}})
		if err = s.optional(part, "block public access to bucket "+p.Bucket, err); err != nil {
			return err
		}
	}
	if remark, err := s.bucketEncryption(ctx, p.Bucket); err != nil || remark != "" {
		_, err := s.s3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &p.Bucket, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
			Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}}}}})
		if err = s.optional(part, "encrypt bucket "+p.Bucket, err); err != nil {
			return err
		}
	}
	return nil
}

// optional lets an S3 pass that does not know a setting at all (NotImplemented); a refusal by Amazon stays an error,
// since an open bucket must not be a silent one.
func (s *Session) optional(part *Part, doing string, err error) error {
	if err == nil {
		return nil
	}
	if code := s3Code(err); code == "NotImplemented" || code == "MethodNotAllowed" {
		part.Remarks = append(part.Remarks, doing+": this S3 has no such setting")
		return nil
	}
	return s.explain(doing, err)
}

// removeBucket deletes an empty bucket of ours. A bucket with snapshots is the way back and is kept.
func (s *Session) removeBucket(ctx context.Context, p *backupPlan, record func(Part) error) ([]Part, error) {
	part := Part{Kind: PartBucket, Name: p.Bucket, ARN: p.bucketARN, State: Missing}
	there, err := s.locate(ctx, p)
	if err != nil || !there {
		return []Part{part}, err
	}
	if part.Ours, err = s.bucketIsOurs(ctx, p); err != nil {
		return nil, err
	}
	if !part.Ours {
		part.State, part.Remarks = Kept, []string{"it is not ours"}
		return []Part{part}, nil
	}
	listed, err := s.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &p.Bucket, MaxKeys: awssdk.Int32(1)})
	if err != nil {
		return nil, s.explain("look into bucket "+p.Bucket, err)
	}
	if len(listed.Contents) > 0 {
		part.State, part.Remarks = Kept, []string{"it holds files: the snapshots in it are a way back; delete it yourself when nobody needs them"}
		return []Part{part}, nil
	}
	err = s.removing(&part, record, "delete bucket "+p.Bucket, func() error {
		_, err := s.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &p.Bucket})
		if s3Code(err) == "BucketNotEmpty" {
			part.State, part.Remarks = Kept, []string{"something was written into it just now"}
			return nil
		}
		return err
	})
	return []Part{part}, err
}
