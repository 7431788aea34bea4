import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """As training has, so that results and times do not depend on the machine's other work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
