//go:build !linux && !darwin

package s3gateway

// keepsAttributes answers no where we cannot ask: a folder for the notes works everywhere.
func keepsAttributes(string) bool { return false }
