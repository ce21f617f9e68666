// Package aws speaks with Amazon: who the caller is, what a domain looks like, how the new one is modelled on the old,
// which bucket, role and user a snapshot needs, and how requests to a domain are signed. It is the only package that
// knows the AWS SDK, apart from snapshot/s3store, which only reads buckets; no type of the SDK is needed to use it.
//
// Read session.go first, then signer.go, domain.go, domainread.go, model.go, domainlife.go, backup.go. Every error that
// comes out is a *Problem (problem.go): clear words, what was tried, and a hint what to do now.
package aws
