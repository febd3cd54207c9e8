"""The development mailbox shows what the file backend wrote."""

from django.core.mail import EmailMultiAlternatives, get_connection

from shared_apps.ui.mailbox import read_mails


def test_every_mail_that_was_sent_is_there(tmp_path):
    connection = get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=tmp_path)
    first = EmailMultiAlternatives("Your code: é", "Enter 123456", "hall@x.example", ["a@x.example"])
    first.attach_alternative("<b>123456</b>", "text/html")
    second = EmailMultiAlternatives("Joined", "Welcome", "hall@x.example", ["b@x.example"])
    connection.send_messages([first, second])
    mails = read_mails(tmp_path)
    assert {(mail.subject, mail.recipients, mail.text) for mail in mails} == {
        ("Your code: é", "a@x.example", "Enter 123456"),
        ("Joined", "b@x.example", "Welcome"),
    }
    assert all(mail.sent_at.tzinfo for mail in mails)
    assert len(read_mails(tmp_path, limit=1)) == 1


def test_before_the_first_mail_the_box_is_empty(tmp_path):
    assert read_mails(tmp_path / "nothing-yet") == []
