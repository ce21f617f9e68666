package fakeaws_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
)

// withS3 starts a stand-in in front of a real S3 server.
func withS3(t *testing.T, o fakeaws.Options) bench {
	t.Helper()
	if testing.Short() {
		t.Skip("starts versitygw, which is built by go install")
	}
	const key, secret = "gateway-key", "gateway-secret"
	g, err := s3gateway.Start(t.Context(), s3gateway.Options{Root: filepath.Join(t.TempDir(), "s3"), AccessKey: key, SecretKey: secret, Progress: func(m string) { t.Log(m) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	o.S3URL, o.S3Root, o.S3AccessKey, o.S3SecretKey = g.URL(), g.Root(), key, secret
	return start(t, o)
}

func TestS3IsServedWithTheAccountsKeysAndRights(t *testing.T) {
	t.Parallel()
	b := withS3(t, fakeaws.Options{})
	ctx, c, bucket := t.Context(), b.s3(), aws.String("es-snap")
	_, err := c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: bucket})
	wantCode(t, err, "NoSuchBucket", "")
	must(t)(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	_, err = c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	wantCode(t, err, "BucketAlreadyOwnedByYou", "")

	_, err = c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: bucket})
	wantCode(t, err, "NoSuchPublicAccessBlockConfiguration", "")
	yes := aws.Bool(true)
	must(t)(c.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: bucket, PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes}}))
	block, err := c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: bucket})
	if err != nil || !*block.PublicAccessBlockConfiguration.RestrictPublicBuckets {
		t.Errorf("%+v, %v", block, err)
	}
	encryption, err := c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: bucket})
	if err != nil || encryption.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "AES256" {
		t.Errorf("%+v, %v", encryption, err)
	}
	must(t)(c.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: "aws:kms"}}}}}))
	must(t)(c.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: bucket, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("made-by"), Value: aws.String("hikkoshi")}}}}))

	// Objects go to the real server: small, large, with characters that are encoded, by range.
	large := bytes.Repeat([]byte("0123456789"), 1<<19)
	for key, content := range map[string][]byte{"b/index": []byte("one"), "b/日 本+&=%2F": []byte("two"), "b/large": large} {
		must(t)(c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(content)}))
		got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		if read, err := io.ReadAll(got.Body); err != nil || !bytes.Equal(read, content) {
			t.Errorf("%s: %d bytes, %v", key, len(read), err)
		}
	}
	list, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("b/")})
	if err != nil || len(list.Contents) != 3 {
		t.Errorf("%+v, %v", list, err)
	}

	reader := b.newUser(t, "reader", `{"Statement":[{"Effect":"Allow","Action":["s3:ListBucket","s3:GetObject"],"Resource":["arn:aws:s3:::es-snap","arn:aws:s3:::es-snap/b/*"]}]}`)
	must(t)(reader.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("b/index")}))
	_, err = reader.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("b/index"), Body: bytes.NewReader(nil)})
	wantCode(t, err, "AccessDenied", "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::es-snap/b/index")
	_, err = reader.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("mine-now")})
	wantCode(t, err, "AccessDenied", "s3:CreateBucket")
	_, err = b.as(adminKey, "wrong", "").s3().ListBuckets(ctx, &s3.ListBucketsInput{})
	wantCode(t, err, "SignatureDoesNotMatch", "")
	_, err = b.as("nobody", "wrong", "").s3().ListBuckets(ctx, &s3.ListBucketsInput{})
	wantCode(t, err, "InvalidAccessKeyId", "")

	b.Inject(fakeaws.Fault{Action: "s3:GetObject", Status: 503, Code: "SlowDown"})
	_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("b/index")})
	wantCode(t, err, "SlowDown", "")

	must(t)(c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{{Key: aws.String("b/large")}}}}))
	if _, err := os.Stat(filepath.Join(b.S3Root(), "es-snap", "b", "large")); !os.IsNotExist(err) {
		t.Errorf("the deleted object's file: %v", err)
	}
	b.SetBucketRegion("es-snap", "eu-west-1")
	_, err = c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
	wantCode(t, err, "PermanentRedirect", "must be addressed using the specified endpoint")
}
