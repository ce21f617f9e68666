// This file answers: how does one address serve S3 as well? The signature and the caller's rights are checked here, then the
// request is signed anew for the real S3 server behind; what that server lacks (public access block, encryption and lifecycle
// settings, buckets of other regions) is kept here.

package fakeaws

import (
	"encoding/xml"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// bucket is what is known here of a bucket.
type bucket struct {
	region string            // when it lies elsewhere
	config map[string]string // XML documents by sub-resource
}

// ownConfigs are the sub-resources kept here, with the error for one that was never put; encryption always has a default.
func ownConfigs() map[string]apiError {
	return map[string]apiError{
		"publicAccessBlock": {http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"},
		"encryption":        {},
		"lifecycle":         {http.StatusNotFound, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"},
	}
}

const defaultEncryption = xml.Header + `<ServerSideEncryptionConfiguration xmlns="` + s3Namespace + `"><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`

// SetBucketRegion says that a bucket lies in another region: S3 calls to it and repositories on it are then redirected.
func (s *Server) SetBucketRegion(name, region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bucket(name).region = region
}

// bucket returns the entry of a bucket, made if needed. The mutex is held.
func (s *Server) bucket(name string) *bucket {
	b, ok := s.buckets[name]
	if !ok {
		b = &bucket{config: map[string]string{}}
		s.buckets[name] = b
	}
	return b
}

// bucketRegion is where a bucket lies.
func (s *Server) bucketRegion(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.buckets[name]; ok && b.region != "" {
		return b.region
	}
	return s.o.Region
}

// bucketExists looks at the folder that the S3 server serves.
func (s *Server) bucketExists(name string) bool {
	if name == "" || s.o.S3Root == "" || !filepath.IsLocal(name) {
		return false
	}
	info, err := os.Stat(filepath.Join(s.o.S3Root, name))
	return err == nil && info.IsDir()
}

// serveS3 answers or hands on one S3 request.
func (s *Server) serveS3(w http.ResponseWriter, r *http.Request) {
	id := s.requestID()
	refuse := func(w http.ResponseWriter, e *apiError) int { return writeS3Error(w, e, id) }
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	action, resource := s3Action(r, name, key)
	caller := ""
	status := s.faulty(w, r, "", action, refuse, func(w http.ResponseWriter) int {
		hash := r.Header.Get("X-Amz-Content-Sha256")
		who, refusal := s.authenticate(r, "s3", "s3", hash)
		if refusal == nil {
			caller = who.arn
			refusal = s.authorize(who, action, resource, nil)
		}
		if refusal != nil {
			return refuse(w, refusal)
		}
		if region := s.bucketRegion(name); region != s.o.Region {
			w.Header().Set("X-Amz-Bucket-Region", region)
			return refuse(w, &apiError{http.StatusMovedPermanently, "PermanentRedirect", textRedirect})
		}
		if sub := ownSubresource(r.URL.Query()); sub != "" && key == "" {
			return s.bucketConfig(w, r, name, sub, refuse)
		}
		switch {
		case s.o.S3URL == "":
			return refuse(w, &apiError{http.StatusNotImplemented, "NotImplemented", "The stand-in was started without an S3 server."})
		case strings.HasPrefix(hash, "STREAMING-AWS4-"):
			return refuse(w, &apiError{http.StatusNotImplemented, "NotImplemented", "The stand-in can't sign a body anew that is signed in chunks; use the S3 server's own address."})
		}
		return s.forwardS3(w, r)
	})
	if action == "s3:DeleteBucket" && status == http.StatusNoContent {
		s.mu.Lock()
		delete(s.buckets, name)
		s.mu.Unlock()
	}
	s.record(Call{Service: "s3", Action: action, Caller: caller, Status: status})
}

const textRedirect = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint."

// s3Action is the right a request needs, and on what.
func s3Action(r *http.Request, bucket, key string) (action, resource string) {
	q, write := r.URL.Query(), r.Method != http.MethodGet && r.Method != http.MethodHead
	if bucket == "" {
		return "s3:ListAllMyBuckets", "*"
	}
	resource = "arn:aws:s3:::" + bucket
	verb := map[bool]string{false: "s3:Get", true: "s3:Put"}[write]
	if key == "" {
		for _, sub := range []struct{ query, right string }{
			{"location", "BucketLocation"}, {"encryption", "EncryptionConfiguration"}, {"publicAccessBlock", "BucketPublicAccessBlock"}, {"lifecycle", "LifecycleConfiguration"},
			{"tagging", "BucketTagging"}, {"policy", "BucketPolicy"}, {"policyStatus", "BucketPolicyStatus"}, {"versioning", "BucketVersioning"}, {"acl", "BucketAcl"}, {"ownershipControls", "BucketOwnershipControls"},
		} {
			if q.Has(sub.query) {
				return verb + sub.right, resource
			}
		}
		switch {
		case q.Has("delete"):
			return "s3:DeleteObject", resource + "/*"
		case r.Method == http.MethodPut:
			return "s3:CreateBucket", resource
		case r.Method == http.MethodDelete:
			return "s3:DeleteBucket", resource
		case q.Has("uploads"):
			return "s3:ListBucketMultipartUploads", resource
		}
		return "s3:ListBucket", resource
	}
	switch resource += "/" + key; {
	case q.Has("tagging"):
		return verb + "ObjectTagging", resource
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return "s3:AbortMultipartUpload", resource
	case r.Method == http.MethodDelete:
		return "s3:DeleteObject", resource
	}
	return verb + "Object", resource
}

// ownSubresource names the configuration a request is about when it is kept here.
func ownSubresource(q url.Values) string {
	for sub := range ownConfigs() {
		if q.Has(sub) {
			return sub
		}
	}
	return ""
}

// bucketConfig reads, writes or removes one configuration document.
func (s *Server) bucketConfig(w http.ResponseWriter, r *http.Request, name, sub string, refuse func(http.ResponseWriter, *apiError) int) int {
	if !s.bucketExists(name) {
		return refuse(w, &apiError{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"})
	}
	body, refusal := readBody(r, maxAPIBody)
	if refusal != nil {
		return refuse(w, refusal)
	}
	s.mu.Lock()
	b := s.bucket(name)
	document, there := b.config[sub]
	switch r.Method {
	case http.MethodPut:
		b.config[sub] = string(body)
	case http.MethodDelete:
		delete(b.config, sub)
	}
	s.mu.Unlock()
	switch r.Method {
	case http.MethodPut:
		if xml.Unmarshal(body, new(any)) != nil {
			return refuse(w, &apiError{http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"})
		}
		return http.StatusOK
	case http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
		return http.StatusNoContent
	}
	if !there && sub == "encryption" {
		document, there = defaultEncryption, true
	}
	if !there {
		missing := ownConfigs()[sub]
		return refuse(w, &missing)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Write([]byte(document))
	return http.StatusOK
}

// forwardS3 signs the request for the S3 server and passes its answer back.
func (s *Server) forwardS3(w http.ResponseWriter, r *http.Request) int {
	target, err := url.Parse(s.o.S3URL)
	if err != nil {
		return writeS3Error(w, &apiError{http.StatusInternalServerError, "InternalError", "the S3 server's address can't be read"}, s.requestID())
	}
	status := 0
	proxy := &httputil.ReverseProxy{
		Transport: s.transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = target.Scheme, target.Host, target.Host
			p.Out.Header.Del("Authorization")
			p.Out.Header.Del("X-Amz-Security-Token")
			s.signS3(p.Out)
		},
		ModifyResponse: func(res *http.Response) error { status = res.StatusCode; return nil },
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			s.log.Error("S3 server does not answer", "error", err)
			status = writeS3Error(w, &apiError{http.StatusServiceUnavailable, "ServiceUnavailable", "Please reduce your request rate."}, s.requestID())
		},
	}
	proxy.ServeHTTP(w, r)
	return status
}

// signS3 signs a request with the key the stand-in has towards the S3 server.
func (s *Server) signS3(r *http.Request) {
	now := time.Now().UTC() // the S3 server has a clock of its own
	r.Header.Set("X-Amz-Date", now.Format(signTime))
	sig := signature{key: s.o.S3AccessKey, date: now.Format("20060102"), region: s.o.Region, service: "s3", headers: []string{"host"}}
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") || lower == "content-type" {
			sig.headers = append(sig.headers, lower)
		}
	}
	slices.Sort(sig.headers)
	value := sign(s.o.S3SecretKey, sig, r.Header.Get("X-Amz-Date"), canonicalRequest(r, sig.headers, r.Header.Get("X-Amz-Content-Sha256"), true))
	r.Header.Set("Authorization", signAlgorithm+" Credential="+strings.Join([]string{sig.key, sig.date, sig.region, sig.service, "aws4_request"}, "/")+
		", SignedHeaders="+strings.Join(sig.headers, ";")+", Signature="+value)
}
