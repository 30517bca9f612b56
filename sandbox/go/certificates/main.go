// Command certificates writes the keys and certificates of one sandbox: it reads a Request as JSON from
// standard input and writes PEM files. It exists because crypto/x509 is there wherever Go is; openssl need not be.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Request lists the authorities, what each signs, and the plain key pairs (for service account tokens).
type Request struct {
	Directory   string      `json:"directory"`
	Authorities []Authority `json:"authorities"`
	KeyPairs    []string    `json:"keyPairs"`
}

// Authority is a self-signed certificate and the leaves that it signs.
type Authority struct {
	Name   string `json:"name"`
	Leaves []Leaf `json:"leaves"`
}

// Leaf is good as a server for Hosts, when there are any, and always as a client named CommonName.
type Leaf struct {
	Name         string   `json:"name"`
	CommonName   string   `json:"commonName"`
	Organization []string `json:"organization"`
	Hosts        []string `json:"hosts"`
}

const lifetime = 10 * 365 * 24 * time.Hour

func main() {
	var request Request
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		fail(fmt.Errorf("read the request: %w", err))
	}
	for _, authority := range request.Authorities {
		fail(writeAuthority(request.Directory, authority))
	}
	for _, name := range request.KeyPairs {
		fail(writeKeyPair(request.Directory, name))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "certificates:", err)
		os.Exit(1)
	}
}

func writeAuthority(directory string, authority Authority) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := certificate(pkix.Name{CommonName: authority.Name})
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	if err := writeSigned(directory, authority.Name, template, template, key, key); err != nil {
		return err
	}
	for _, leaf := range authority.Leaves {
		if err := writeLeaf(directory, leaf, template, key); err != nil {
			return fmt.Errorf("%s: %w", leaf.Name, err)
		}
	}
	return nil
}

func writeLeaf(directory string, leaf Leaf, authority *x509.Certificate, authorityKey *ecdsa.PrivateKey) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := certificate(pkix.Name{CommonName: leaf.CommonName, Organization: leaf.Organization})
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(leaf.Hosts) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	for _, host := range leaf.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return writeSigned(directory, leaf.Name, template, authority, key, authorityKey)
}

// certificate is valid from an hour ago, so that a clock set back a little does not refuse it.
func certificate(subject pkix.Name) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	fail(err)
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
	}
}

func writeSigned(directory, name string, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(directory, name+".crt"), "CERTIFICATE", der, 0o644); err != nil {
		return err
	}
	return writePrivateKey(directory, name, key)
}

func writePrivateKey(directory, name string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(filepath.Join(directory, name+".key"), "EC PRIVATE KEY", der, 0o600)
}

func writeKeyPair(directory, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(directory, name+".pub"), "PUBLIC KEY", der, 0o644); err != nil {
		return err
	}
	return writePrivateKey(directory, name, key)
}

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
